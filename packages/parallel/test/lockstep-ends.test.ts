import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Lockstep } from '../src/lockstep.ts'
import { comesTo, failureOf, mark, openWith } from './failing-run.ts'
import { gossipPlan } from './gossip.ts'

describe('an abort', () => {
  test.each([0, 2])('ends the run between two windows, and it can be run on (%i workers)', async (workers) => {
    const reached = mark()
    const endless = { ...gossipPlan({}, { events: 1e9 }, { south: { reached } }), workers }
    await using lockstep = await Lockstep.open(endless)
    await using serial = await Lockstep.open({ ...endless, workers: 0 })
    const abort = new AbortController()
    const reason = new Error('enough')

    const run = lockstep.run({ signal: abort.signal, grace: 25_000 })
    await comesTo(reached)
    abort.abort(reason)

    await expect(run).rejects.toBe(reason)
    const { domains } = await lockstep.save()
    const until = BigInt(Math.max(...domains.map(({ now }) => now)) + 100)

    expect(until).toBeGreaterThan(100n)
    expect((await lockstep.run({ until })).fingerprint).toBe((await serial.run({ until })).fingerprint)
  })

  test('whose grace is over after its run has ended is no concern of the next run', async () => {
    const after = mark()
    await using lockstep = await openWith(2, { after })
    const abort = new AbortController()
    const aborted = lockstep.run({ signal: abort.signal, grace: 1000 })
    abort.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')

    const next = lockstep.run()
    await setTimeout(1100)
    Atomics.store(after, 0, 1)
    Atomics.notify(after, 0)

    expect((await next).ended).toBe('idle')
  })

  test('before the run does nothing', async () => {
    await using lockstep = await openWith(0, {})

    await expect(lockstep.run({ signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late')
    expect((await lockstep.save()).domains.every(({ now }) => now === 0)).toBe(true)
  })

  test('ends threads that do not come to the end of their window', async () => {
    const reached = mark()
    await using lockstep = await openWith(2, { mishap: 'hang', reached })
    const abort = new AbortController()

    const run = lockstep.run({ signal: abort.signal, grace: 20 })
    await comesTo(reached)
    abort.abort(new Error('no patience'))

    await expect(run).rejects.toThrow('no patience')
    const cause = { code: 'lockstep.worker-silent', facts: expect.objectContaining({ domain: 'south', time: 27 }) }
    await expect(lockstep.run()).rejects.toMatchObject({ code: 'lockstep.failed', cause })
  })
})

describe('a run that is under way or closed', () => {
  test('on the calling thread rejects as one on workers does', async () => {
    const reached = mark()
    const endless = { ...gossipPlan({}, { events: 1e9 }, { south: { reached } }), workers: 0 }
    const lockstep = await Lockstep.open(endless)
    const run = failureOf(lockstep.run())

    await comesTo(reached)
    await lockstep.close()

    expect(await run).toMatchObject({ code: 'lockstep.closed', message: 'the run has been closed' })
  })

  test('takes no second one, and rejects when it is closed', async () => {
    const lockstep = await openWith(1, { mishap: 'hang' })
    const first = failureOf(lockstep.run())

    await expect(lockstep.run()).rejects.toMatchObject({ code: 'lockstep.busy' })
    await lockstep.close()

    expect(await first).toMatchObject({ code: 'lockstep.closed', message: 'the run has been closed' })
    await expect(lockstep.run()).rejects.toMatchObject({ code: 'lockstep.closed' })
  })
})
