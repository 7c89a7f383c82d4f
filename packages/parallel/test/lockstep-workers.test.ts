import type { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { comesTo, failureOf, mark, openWith } from './failing-run.ts'

describe('a worker that dies', () => {
  test('by itself: names its domains and the time that it has reached, and the others end', async () => {
    await using lockstep = await openWith(2, { mishap: 'exit' })

    const error = await failureOf(lockstep.run())

    expect(error.code).toBe('lockstep.worker-died')
    expect(error.message).toMatchInlineSnapshot(
      `"worker 0 with 'north', 'south' has died at 27 in 'south': worker exited with code: 7"`,
    )
    expect(error.facts).toMatchObject({ worker: 0, domain: 'south', domains: ['north', 'south'], time: 27 })
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
