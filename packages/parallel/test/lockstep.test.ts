import type { LockstepPlan } from '@hostbridge/core/lockstep'
import { describe, expect, test } from 'vitest'
import { Lockstep, type LockstepResult } from '../src/lockstep.ts'
import { gossipPlan, MODULE } from './gossip.ts'

async function run(workers: number, plan: LockstepPlan): Promise<LockstepResult> {
  await using lockstep = await Lockstep.open({ ...plan, workers })
  return await lockstep.run()
}

describe('the fingerprint', () => {
  test.each([
    [0, { quantum: 20n }],
    [0, { quantum: 7n, ringBytes: 1024 }],
    [0, { quantum: 1n }],
    [1, { quantum: 3n }],
    [2, {}],
    [2, { quantum: 1n, ringBytes: 1024 }],
    [4, { quantum: 19n }],
    [4, { quantum: 20n, ringBytes: 1024 }],
    [7, { quantum: 11n }],
  ])('on %i workers with %o is that of the calling thread alone', async (workers, more) => {
    const burst = { burst: 4, bytes: 100 }
    const expected = await run(0, gossipPlan({}, burst))

    const result = await run(workers, gossipPlan(more, burst))

    expect(expected).toMatchObject({ ended: 'idle', cause: undefined })
    expect(expected.events).toBeGreaterThan(1500)
    expect({ ...result, windows: 0 }).toEqual({ ...expected, windows: 0 })
  })

  test('is another one when a single seed is another one', async () => {
    const one = await run(0, gossipPlan())
    const other = await run(0, gossipPlan({}, {}, { south: { seed: 9 } }))

    expect(other.fingerprint).not.toBe(one.fingerprint)
  })
})

describe('a run', () => {
  test.each([0, 2])('in pieces is the run in one piece (%i workers)', async (workers) => {
    await using lockstep = await Lockstep.open({ ...gossipPlan(), workers })
    const whole = await run(0, gossipPlan())
    let events = 0

    for (let until = 0n; until < whole.now + 333n; until += 333n) {
      const piece = await lockstep.run({ until })
      expect(piece).toMatchObject({ ended: 'until', now: until })
      events += piece.events
    }

    expect(events).toBe(whole.events)
    expect((await lockstep.run()).fingerprint).toBe(whole.fingerprint)
  })

  test.each([0, 2])(
    'ends where a domain stops it, says why, and goes on when it is run again (%i)',
    async (workers) => {
      const plan = gossipPlan({}, {}, { east: { mishap: 'stop' } })
      const whole = await run(0, gossipPlan())
      await using lockstep = await Lockstep.open({ ...plan, workers })

      const stopped = await lockstep.run()
      const rest = await lockstep.run()

      expect(stopped).toMatchObject({ ended: 'stopped', cause: 'enough' })
      expect(stopped.now).toBeLessThan(whole.now)
      expect(rest).toMatchObject({ ended: 'idle', cause: undefined, fingerprint: whole.fingerprint })
    },
  )

  test('skips time in which nothing happens: ten events a long time apart take ten windows', async () => {
    const domains = ['a', 'b'].map((name) => ({ name, module: MODULE, export: 'sleepy', args: 10 }))
    await using lockstep = await Lockstep.open({
      domains,
      links: [{ name: 'wire', ends: ['a', 'b'], latency: 5n }],
      workers: 0,
    })

    const { windows, events, now } = await lockstep.run()

    // The last one sees that nothing waits any more.
    expect({ windows, events, now }).toEqual({ windows: 11, events: 20, now: 9_000_000_000n })
  })

  test('cannot end before the present', async () => {
    await using lockstep = await Lockstep.open({ ...gossipPlan(), workers: 0 })
    await lockstep.run({ until: 100n })

    await expect(lockstep.run({ until: 99n })).rejects.toMatchObject({ code: 'time.past' })
    expect(await lockstep.run({ until: 100n })).toMatchObject({ events: 0, now: 100n })
  })

  test('without links is as long as its domains', async () => {
    const domains = ['a', 'b'].map((name) => ({ name, module: MODULE, export: 'sleepy', args: 3 }))
    await using lockstep = await Lockstep.open({ domains, links: [], workers: 0 })

    expect(await lockstep.run()).toMatchObject({ windows: 2, events: 6 })
  })
})

describe('a saved run', () => {
  test('goes on with the same fingerprint on any number of workers, from any instant, by a file', async () => {
    const plan = gossipPlan({ quantum: 13n }, { burst: 2 })
    const whole = await run(0, plan)
    await using serial = await Lockstep.open({ ...plan, workers: 0 })
    await using two = await Lockstep.open({ ...plan, workers: 2 })
    await using four = await Lockstep.open({ ...plan, workers: 4 })
    const crews = [serial, two, four]
    let file = await serial.saveFile()

    for (let step = 1; step <= 12; step++) {
      const lockstep = crews[step % 3] as Lockstep
      await lockstep.restoreFile(file)
      await lockstep.run({ until: (whole.now * BigInt(step)) / 14n })
      file = await lockstep.saveFile()
      // Having run on leaves no trace in what was saved.
      await lockstep.run()
    }
    for (const lockstep of crews) {
      await lockstep.restoreFile(file)
      const { fingerprint, now } = await lockstep.run()

      expect({ workers: lockstep.workers, fingerprint, now }).toEqual({
        workers: lockstep.workers,
        fingerprint: whole.fingerprint,
        now: whole.now,
      })
    }
  })

  test('whose file is damaged is refused, and the domains can be run on', async () => {
    await using lockstep = await Lockstep.open({ ...gossipPlan(), workers: 0 })
    const file = await lockstep.saveFile()
    file[file.length - 1] = (file.at(-1) as number) ^ 1

    await expect(lockstep.restoreFile(file)).rejects.toMatchObject({ code: 'snapshot.damaged' })
    expect(await lockstep.run({ until: 9n })).toMatchObject({ ended: 'until' })
  })

  test('is refused by domains that were not composed as its own', async () => {
    await using one = await Lockstep.open({ ...gossipPlan(), workers: 0 })
    const state = await one.save()
    const domains = ['north', 'east'].map((name) => ({ name, module: MODULE, export: 'sleepy', args: 3 }))
    const links = [{ name: 'north-east', ends: ['north', 'east'], latency: 5n }] as const
    await using other = await Lockstep.open({ domains, links, workers: 0 })
    await using more = await Lockstep.open({ ...gossipPlan(), workers: 0 })

    await expect(other.restore(state)).rejects.toMatchObject({ code: 'lockstep.restore' })
    await expect(more.restore({ domains: state.domains.slice(1) })).rejects.toMatchObject({ code: 'lockstep.restore' })
    await expect(more.run()).rejects.toMatchObject({ code: 'lockstep.failed' })
  })
})
