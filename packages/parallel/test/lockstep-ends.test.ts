import type { Worker } from 'node:worker_threads'
import { describe, expect, test, vi } from 'vitest'
import { Lockstep } from '../src/lockstep.ts'
import { failureOf, openWith } from './failing-run.ts'
import { gossipPlan } from './gossip.ts'

/** Where a domain says that it has come to its fifth event, and on which thread. */
function mark(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(8))
}

/** Waits for a domain, however slow the host is. */
async function comesTo(reached: Int32Array): Promise<void> {
  await vi.waitUntil(() => Atomics.load(reached, 0) === 1, { timeout: 25_000, interval: 2 })
}

describe('a worker that dies', () => {
  test('by itself: names its domains and the time that it has reached, and the others end', async () => {
    await using lockstep = await openWith(2, { mishap: 'exit' })

    const error = await failureOf(lockstep.run())

    expect(error.code).toBe('lockstep.worker-died')
    expect(error.message).toMatchInlineSnapshot(
      `"worker 0 with 'north', 'south' has died at 22 in 'south': worker exited with code: 7"`,
    )
    expect(error.facts).toMatchObject({ worker: 0, domain: 'south', domains: ['north', 'south'], time: 22 })
    await expect(lockstep.run()).rejects.toMatchObject({ code: 'lockstep.failed' })
  })

  test('out of memory: is told as such', async () => {
    await using lockstep = await openWith(2, { mishap: 'memory' }, { resourceLimits: { maxOldGenerationSizeMb: 24 } })

    const error = await failureOf(lockstep.run())

    expect(error.code).toBe('lockstep.worker-died')
    expect(error.message).toMatch(/in 'south': .*memory/)
  })

  test('killed from outside while the other waits for it: names it', async () => {
    const threads: Worker[] = []
    const keep = (worker: Worker): unknown => threads.push(worker)
    const reached = mark()
    process.on('worker', keep)
    await using lockstep = await openWith(2, { mishap: 'hang', reached })
    process.off('worker', keep)

    const failure = failureOf(lockstep.run())
    await comesTo(reached)
    await threads.find(({ threadId }) => threadId === reached[1])?.terminate()

    expect(await failure).toMatchObject({
      code: 'lockstep.worker-died',
      facts: { worker: 0, domain: 'south', domains: ['north', 'south'] },
    })
  })
})

describe('a worker that is slow', () => {
  test('slows the others and changes nothing', async () => {
    await using serial = await openWith(0, {})
    await using lockstep = await openWith(2, { mishap: 'sleep' })

    expect((await lockstep.run()).fingerprint).toBe((await serial.run()).fingerprint)
  })
})

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
    await expect(lockstep.run()).rejects.toMatchObject({ code: 'lockstep.failed' })
  })
})

describe('a run that is under way or closed', () => {
  test('takes no second one, and rejects when it is closed', async () => {
    const lockstep = await openWith(1, { mishap: 'hang' })
    const first = failureOf(lockstep.run())

    await expect(lockstep.run()).rejects.toMatchObject({ code: 'lockstep.busy' })
    await lockstep.close()

    expect((await first).message).toBe('the run has been closed')
    await expect(lockstep.run()).rejects.toMatchObject({ code: 'lockstep.closed' })
  })
})
