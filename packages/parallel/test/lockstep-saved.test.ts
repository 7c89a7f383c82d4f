import { describe, expect, test } from 'vitest'
import { Lockstep } from '../src/lockstep.ts'
import { gossipPlan, MODULE } from './gossip.ts'
import { runPlan } from './run-plan.ts'

describe('a saved run', () => {
  test('goes on with the same fingerprint on any number of workers, from any instant, by a file', async () => {
    const plan = gossipPlan({ quantum: 13n }, { burst: 2 })
    const whole = await runPlan(0, plan)
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
