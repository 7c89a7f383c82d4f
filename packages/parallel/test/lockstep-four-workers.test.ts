import { describe, expect, test } from 'vitest'
import { gossipPlan } from './gossip.ts'
import { runPlan } from './run-plan.ts'

describe('the fingerprint of four domains', () => {
  test.each([
    [4, { quantum: 19n }],
    [4, { quantum: 20n, ringBytes: 1024 }],
    [7, { quantum: 11n }],
  ])('on %i workers with %o is that of the calling thread alone', async (workers, more) => {
    const burst = { burst: 4, bytes: 100, events: 50 }
    const expected = await runPlan(0, gossipPlan({}, burst))

    const result = await runPlan(workers, gossipPlan(more, burst))

    expect(expected).toMatchObject({ ended: 'idle', cause: undefined })
    expect(expected.events).toBeGreaterThan(900)
    expect({ ...result, windows: 0 }).toEqual({ ...expected, windows: 0 })
  })
})
