import { describe, expect, test } from 'vitest'
import { gossipPlan } from './gossip.ts'
import { runPlan } from './run-plan.ts'

describe('the fingerprint', () => {
  test.each([
    [0, { quantum: 20n }],
    [0, { quantum: 7n, ringBytes: 1024 }],
    [0, { quantum: 1n }],
    [1, { quantum: 3n }],
    [2, {}],
    [2, { quantum: 1n, ringBytes: 1024 }],
  ])('on %i workers with %o is that of the calling thread alone', async (workers, more) => {
    const burst = { burst: 4, bytes: 100, events: 50 }
    const expected = await runPlan(0, gossipPlan({}, burst))

    const result = await runPlan(workers, gossipPlan(more, burst))

    expect(expected).toMatchObject({ ended: 'idle', cause: undefined })
    expect(expected.events).toBeGreaterThan(900)
    expect({ ...result, windows: 0 }).toEqual({ ...expected, windows: 0 })
  })

  test('is another one when a single seed is another one', async () => {
    const one = await runPlan(0, gossipPlan())
    const other = await runPlan(0, gossipPlan({}, {}, { south: { seed: 9 } }))

    expect(other.fingerprint).not.toBe(one.fingerprint)
  })
})
