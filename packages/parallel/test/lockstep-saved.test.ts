import { describe, expect, test } from 'vitest'
import { Lockstep } from '../src/lockstep.ts'
import { gossipPlan, MODULE } from './gossip.ts'
import { runPlan } from './run-plan.ts'

describe('a saved run', () => {
  test('goes on with the same fingerprint on any number of workers, with any quantum, from any instant, by a file', async () => {
    const plan = gossipPlan({ quantum: 13n }, { burst: 2, events: 60 })
    const whole = await runPlan(0, plan)
    await using serial = await Lockstep.open({ ...plan, workers: 0 })
    await using one = await Lockstep.open({ ...plan, quantum: 20n, workers: 1 })
    await using two = await Lockstep.open({ ...plan, quantum: 7n, workers: 2 })
    await using four = await Lockstep.open({ ...plan, quantum: 19n, workers: 4 })
    const crews = [serial, one, two, four]
    let file = await serial.saveFile()

    for (let step = 1; step <= 12; step++) {
      const lockstep = crews[step % 4] as Lockstep
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

  test.each([0, 2])('has the same bytes on any number of workers, here on %i', async (workers) => {
    await using one = await Lockstep.open({ ...gossipPlan(), workers: 0 })
    await using other = await Lockstep.open({ ...gossipPlan({ quantum: 5n }), workers })
    await one.run({ until: 200n })
    await other.run({ until: 200n })

    expect(await other.saveFile()).toEqual(await one.saveFile())
  })

  test.each([0, 2])('that is refused leaves the domains as they are (%i workers)', async (workers) => {
    const domains = ['a', 'b'].map((name) => ({ name, module: MODULE, export: 'forgetful', args: 50 }))
    const links = [{ name: 'wire', ends: ['a', 'b'], latency: 5n }] as const
    await using lockstep = await Lockstep.open({ domains, links, workers })

    await expect(lockstep.save()).rejects.toMatchObject({
      code: 'lockstep.save',
      facts: { event: 'one-off', time: 50 },
    })

    expect(await lockstep.run({ until: 60n })).toMatchObject({ ended: 'until', events: 2 })
    expect((await lockstep.save()).domains.map(({ domain }) => domain)).toEqual(['a', 'b'])
  })

  test('that ends a thread ends the run', async () => {
    const domains = ['a', 'b'].map((name) => ({ name, module: MODULE, export: 'leavingWhenSaved' }))
    await using lockstep = await Lockstep.open({ domains, links: [], workers: 2 })

    await expect(lockstep.save()).rejects.toMatchObject({ code: 'lockstep.worker-died' })
    await expect(lockstep.run()).rejects.toMatchObject({ code: 'lockstep.failed' })
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
    const sleepy = { module: MODULE, export: 'sleepy', args: 3 }
    const { domains, links } = gossipPlan()
    await using other = await Lockstep.open({
      domains: domains.map((spec) => ({ ...spec, ...sleepy })),
      links,
      workers: 0,
    })
    await using more = await Lockstep.open({ ...gossipPlan(), workers: 0 })

    await expect(other.restore(state)).rejects.toThrow("domain 'north' cannot take the state: it has no event 'timer")
    await expect(other.run()).rejects.toMatchObject({ code: 'lockstep.failed' })
    await expect(more.restore({ domains: state.domains.slice(1) })).rejects.toThrow(
      'a state of the domains east, south, west cannot be taken up by north, east, south, west',
    )
    await expect(more.restore({ domains: state.domains.slice(0, -1) })).rejects.toThrow('cannot be taken up by')
    await expect(more.restore({ domains: state.domains.toReversed() })).rejects.toThrow(
      'with its domains in their order',
    )
    expect(await more.run({ until: 9n })).toMatchObject({ ended: 'until' })
  })
})
