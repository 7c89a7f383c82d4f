import { describe, expect, test } from 'vitest'
import { LAST_TICK, tickOf } from '../../src/time/tick.ts'
import { ms, ns, s, us } from '../../src/time/units.ts'

describe('ticks', () => {
  test('are nanoseconds', () => {
    expect([ns, us, ms, s].map(tickOf)).toEqual([1, 1e3, 1e6, 1e9])
  })

  test('reach to 2^53 - 1', () => {
    expect(tickOf(BigInt(LAST_TICK))).toBe(2 ** 53 - 1)
  })

  test.for([-1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 64n])('do not take the time %s', (time) => {
    expect(() => tickOf(time)).toThrow(expect.objectContaining({ code: 'time.tick', facts: { time } }))
  })
})
