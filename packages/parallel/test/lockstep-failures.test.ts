import type { Worker } from 'node:worker_threads'
import { HostbridgeError } from '@hostbridge/core/lockstep'
import { describe, expect, test, vi } from 'vitest'
import { Lockstep, type LockstepOptions } from '../src/lockstep.ts'
import type { Args } from './domains.ts'
import { gossipPlan, MODULE } from './gossip.ts'

const LINKS = [{ name: 'wire', ends: ['a', 'b'], latency: 5n }] as const

function open(workers: number, south: Partial<Args> = {}, more: Partial<LockstepOptions> = {}): Promise<Lockstep> {
  return Lockstep.open({ ...gossipPlan({}, {}, { south }), workers, ...more })
}

/** Where a domain says that it has come to its fifth event, and on which thread. */
function mark(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(8))
}

/** Waits for a domain, however slow the host is. */
async function comesTo(reached: Int32Array): Promise<void> {
  await vi.waitUntil(() => Atomics.load(reached, 0) === 1, { timeout: 25_000, interval: 2 })
}

async function failureOf(outcome: Promise<unknown>): Promise<HostbridgeError> {
  const error = await outcome.then(
    () => new Error('nothing failed'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(HostbridgeError)
  return error as HostbridgeError
}

describe('a domain that throws', () => {
  test.each([0, 1, 2])('stops the run with its stack and its time, the same on %i workers', async (workers) => {
    await using lockstep = await open(workers, { mishap: 'throw' })

    const error = await failureOf(lockstep.run())

    expect(error.code).toBe('lockstep.domain-failed')
    expect(error.message).toMatchInlineSnapshot(`"domain 'south' has failed at 27: a mistake of the model"`)
    expect(error.facts).toEqual({ domain: 'south', time: 27 })
    expect((error.cause as Error).stack).toMatch(/domains\.ts/)
    await expect(lockstep.run()).rejects.toMatchObject({ code: 'lockstep.failed', cause: error })
  })

  test.each([0, 2])('and another in the same window: the earlier one is told (%i workers)', async (workers) => {
    const special = { north: { mishap: 'throw' }, east: { mishap: 'throw' }, west: { mishap: 'throw' } } as const
    await using lockstep = await Lockstep.open({ ...gossipPlan({}, {}, special), workers })

    const error = await failureOf(lockstep.run())

    expect(error.message).toMatchInlineSnapshot(`"domain 'east' has failed at 23: a mistake of the model"`)
  })

  test.each([0, 2])('and another at the same instant: the first of the plan is told (%i workers)', async (workers) => {
    const failing = { module: MODULE, export: 'failingAt' }
    const times = { a: 9, b: 7, c: 7 }
    const domains = Object.entries(times).map(([name, args]) => ({ name, ...failing, args }))
    await using lockstep = await Lockstep.open({ domains, links: LINKS, workers })

    const error = await failureOf(lockstep.run())

    expect(error.message).toMatchInlineSnapshot(`"domain 'b' has failed at 7: a mistake of the model"`)
  })

  test.each([0, 2])('because it sends too early: names both ends (%i workers)', async (workers) => {
    await using lockstep = await open(workers, { mishap: 'early' })

    const error = await failureOf(lockstep.run())

    expect(error.cause).toMatchObject({ code: 'lockstep.lookahead', facts: { from: 'south', to: 'north', now: 27 } })
    expect(error.message).toMatchInlineSnapshot(
      `"domain 'south' has failed at 27: a message on link 'north-south' from 'south' at 27 cannot reach 'north' at 53: 'north' may be there already, for the link promises a latency of 27; send it for 54 or later, or lower the latency"`,
    )
  })
})

describe('a worker that dies', () => {
  test('by itself: names its domains and the time that it has reached, and the others end', async () => {
    await using lockstep = await open(2, { mishap: 'exit' })

    const error = await failureOf(lockstep.run())

    expect(error.code).toBe('lockstep.worker-died')
    expect(error.message).toMatchInlineSnapshot(
      `"worker 0 with 'north', 'south' has died at 22 in 'south': worker exited with code: 7"`,
    )
    expect(error.facts).toMatchObject({ worker: 0, domain: 'south', domains: ['north', 'south'], time: 22 })
    await expect(lockstep.run()).rejects.toMatchObject({ code: 'lockstep.failed' })
  })

  test('out of memory: is told as such', async () => {
    await using lockstep = await open(2, { mishap: 'memory' }, { resourceLimits: { maxOldGenerationSizeMb: 24 } })

    const error = await failureOf(lockstep.run())

    expect(error.code).toBe('lockstep.worker-died')
    expect(error.message).toMatch(/in 'south': .*memory/)
  })

  test('killed from outside while the other waits for it: names it', async () => {
    const threads: Worker[] = []
    const keep = (worker: Worker): unknown => threads.push(worker)
    const reached = mark()
    process.on('worker', keep)
    await using lockstep = await open(2, { mishap: 'hang', reached })
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
    await using serial = await open(0)
    await using lockstep = await open(2, { mishap: 'sleep' })

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
    await using lockstep = await open(0)

    await expect(lockstep.run({ signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late')
    expect((await lockstep.save()).domains.every(({ now }) => now === 0)).toBe(true)
  })

  test('ends threads that do not come to the end of their window', async () => {
    const reached = mark()
    await using lockstep = await open(2, { mishap: 'hang', reached })
    const abort = new AbortController()

    const run = lockstep.run({ signal: abort.signal, grace: 20 })
    await comesTo(reached)
    abort.abort(new Error('no patience'))

    await expect(run).rejects.toThrow('no patience')
    await expect(lockstep.run()).rejects.toMatchObject({ code: 'lockstep.failed' })
  })
})

describe('a deadlock', () => {
  test.each([0, 2])('names those who wait (%i workers)', async (workers) => {
    const domains = [
      { name: 'a', module: MODULE, export: 'waiting', args: ['driver', 'b/disk'] },
      { name: 'b', module: MODULE, export: 'waiting', args: ['disk', 'a/driver'] },
      { name: 'c', module: MODULE, export: 'waiting', args: ['card', 'its driver'] },
    ]
    await using lockstep = await Lockstep.open({ domains, links: LINKS, workers })

    const error = await failureOf(lockstep.run({ until: 100n }))

    expect(error).toMatchObject({ code: 'lockstep.deadlock', facts: { domains: ['a', 'b', 'c'] } })
    expect(error.message).toMatchInlineSnapshot(
      `"nothing can happen any more, and somebody waits: deadlock: a/driver waits for b/disk (a message that nobody sends), b/disk waits for a/driver (a message that nobody sends); c/card waits for c/its driver (a message that nobody sends)"`,
    )
  })
})

describe('domains that cannot be composed', () => {
  test.each([
    [0, 'failing', 'lockstep.compose', /domain 'a' cannot be composed: no power/],
    [2, 'failing', 'lockstep.compose', /domain 'a' cannot be composed: no power/],
    [0, 'notAFunction', 'lockstep.module', /it exports no such function/],
    [2, 'missing', 'lockstep.module', /it exports no such function/],
    [0, 'nothing', 'lockstep.model', /return a machine, or \{ queue \}/],
  ])('on %i workers by %s: are told at once', async (workers, exported, code, message) => {
    const domains = ['a', 'b'].map((name) => ({ name, module: MODULE, export: exported, args: 1 }))

    const error = await failureOf(Lockstep.open({ domains, links: LINKS, workers }))

    expect(error.message).toMatch(message)
    expect([error.code, (error.cause as { code?: string } | undefined)?.code]).toContain(code)
  })

  test('by a module that is not there', async () => {
    const domains = [{ name: 'a', module: new URL('./missing.ts', import.meta.url).href }]

    await expect(Lockstep.open({ domains, links: [], workers: 1 })).rejects.toMatchObject({ code: 'lockstep.module' })
  })

  test.each([-1, 1.5])('on %d workers', async (workers) => {
    await expect(open(workers)).rejects.toMatchObject({ code: 'lockstep.workers' })
  })
})

describe('a run that is under way or closed', () => {
  test('takes no second one, and rejects when it is closed', async () => {
    const lockstep = await open(1, { mishap: 'hang' })
    const first = failureOf(lockstep.run())

    await expect(lockstep.run()).rejects.toMatchObject({ code: 'lockstep.busy' })
    await lockstep.close()

    expect((await first).message).toBe('the run has been closed')
    await expect(lockstep.run()).rejects.toMatchObject({ code: 'lockstep.closed' })
  })
})
