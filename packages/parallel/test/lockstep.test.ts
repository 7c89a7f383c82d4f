import { describe, expect, test } from 'vitest'
import { Lockstep } from '../src/lockstep.ts'
import { gossipPlan, MODULE } from './gossip.ts'
import { runPlan } from './run-plan.ts'

describe('a run', () => {
  test.each([0, 2])('in pieces is the run in one piece (%i workers)', async (workers) => {
    await using lockstep = await Lockstep.open({ ...gossipPlan(), workers })
    const whole = await runPlan(0, gossipPlan())
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
      const whole = await runPlan(0, gossipPlan())
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
