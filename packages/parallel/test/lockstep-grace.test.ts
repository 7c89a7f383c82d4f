import { describe, expect, test } from 'vitest'
import { Lockstep } from '../src/lockstep.ts'
import type { Args } from './domains.ts'
import { comesTo, failureOf, mark, openWith } from './failing-run.ts'
import { gossipPlan, MODULE } from './gossip.ts'

const LINKS = [{ name: 'wire', ends: ['a', 'b'], latency: 5n }] as const

/** Two workers; an event of `west` never ends, and then something happens to `south` on the other worker. */
function openLoop(mishap: NonNullable<Args['mishap']>, grace: number, reached = mark()): Promise<Lockstep> {
  const west = mark()
  const special = { south: { mishap, after: west, reached }, west: { mishap: 'loop', reached: west } } as const
  return Lockstep.open({ ...gossipPlan({}, {}, special), workers: 2, grace })
}

describe('an event that never ends', () => {
  test('while another worker has died is ended after the grace, naming the domain and its last event', async () => {
    await using lockstep = await openLoop('exit', 50)

    const error = await failureOf(lockstep.run())

    expect(error.code).toBe('lockstep.worker-silent')
    expect(error.message).toMatchInlineSnapshot(
      `"worker 1 with 'east', 'west' has been ended at 28 in 'west', for it did not answer within 50 ms: look there for a loop without end, or give it more grace. It was to end because of this: worker 0 with 'north', 'south' has died at 27 in 'south': worker exited with code: 7"`,
    )
    expect(error.facts).toMatchObject({ worker: 1, domain: 'west', domains: ['east', 'west'], time: 28, grace: 50 })
    expect(error.cause).toMatchObject({ code: 'lockstep.worker-died', facts: { domain: 'south', time: 27 } })
    await expect(lockstep.run()).rejects.toMatchObject({ code: 'lockstep.failed', cause: error })
  })

  test('while a domain of another worker has failed is ended in the same way', async () => {
    await using lockstep = await openLoop('throw', 1e9)

    const error = await failureOf(lockstep.run({ grace: 50 }))

    expect(error).toMatchObject({ code: 'lockstep.worker-silent', facts: { worker: 1, domain: 'west', time: 28 } })
    expect(error.cause).toMatchObject({ code: 'lockstep.domain-failed', facts: { domain: 'south', time: 27 } })
  })

  test('on all workers is told of the one that has come least far', async () => {
    const reached = mark()
    await using lockstep = await openLoop('hang', 0, reached)
    const abort = new AbortController()

    const run = lockstep.run({ signal: abort.signal, grace: 20 })
    await comesTo(reached)
    abort.abort(new Error('no patience'))

    await expect(run).rejects.toThrow('no patience')
    const { cause } = await failureOf(lockstep.run())
    expect(cause).toMatchObject({ code: 'lockstep.worker-silent', facts: { worker: 0, domain: 'south', time: 27 } })
    expect((cause as Error).message).toMatch(/because of an abort$/)
  })
})

describe('domains that are being composed', () => {
  test.each([
    ['failing', 'lockstep.compose', /domain 'b' cannot be composed: no power/],
    ['leaving', 'lockstep.worker-died', /worker 1 with 'b' has died before its first event: .*3/],
  ])('by %s and by a loop without end: the failure is told after the grace', async (exported, code, message) => {
    const domains = [
      { name: 'a', module: MODULE, export: 'endless' },
      { name: 'b', module: MODULE, export: exported },
    ]

    const error = await failureOf(Lockstep.open({ domains, links: LINKS, workers: 2, grace: 0 }))

    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
  })
})

describe('the grace', () => {
  test('may be without end, and others who answer in time are not named', async () => {
    await using lockstep = await openWith(2, { mishap: 'throw' }, { grace: Number.POSITIVE_INFINITY })

    expect((await failureOf(lockstep.run())).code).toBe('lockstep.domain-failed')
  })

  test.each([-1, Number.NaN])('cannot be %d ms', async (grace) => {
    await using lockstep = await openWith(0, {})

    await expect(lockstep.run({ grace })).rejects.toMatchObject({ code: 'lockstep.grace' })
    await expect(openWith(0, {}, { grace })).rejects.toMatchObject({ code: 'lockstep.grace' })
    expect(await lockstep.run({ until: 1n })).toMatchObject({ ended: 'until' })
  })
})
