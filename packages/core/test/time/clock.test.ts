import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { Clock } from '../../src/time/clock.ts'
import { LAST_TICK } from '../../src/time/tick.ts'

const periods = fc.record({
  num: fc.oneof(fc.integer({ min: 1, max: 1e10 }), fc.constant(1e9)),
  den: fc.integer({ min: 1, max: 4e9 }),
  start: fc.oneof(fc.constant(0), fc.nat()),
})

describe('Clock', () => {
  test.prop([periods, fc.maxSafeNat()])(
    'has edge k at start + floor(k * num / den), for any k',
    ({ num, den, start }, k) => {
      const clock = new Clock(num, den, start)

      const exact = BigInt(start) + (BigInt(k) * BigInt(num)) / BigInt(den)

      if (exact <= BigInt(LAST_TICK)) expect(clock.edge(k)).toBe(Number(exact))
      else {
        expect(() => clock.edge(k)).toThrow(expect.objectContaining({ code: 'time.tick' }))
        expect(clock.edgeOrNever(k)).toBe(Number.POSITIVE_INFINITY)
      }
    },
  )

  test.prop([periods, fc.nat()])('finds the last edge by a tick, and the next one', (period, after) => {
    const clock = new Clock(period.num, period.den, period.start)
    const tick = period.start + after

    const edge = clock.lastEdgeBy(tick)
    fc.pre(edge < LAST_TICK)

    expect(clock.edge(edge)).toBeLessThanOrEqual(tick)
    expect(clock.edge(edge + 1)).toBeGreaterThan(tick)
    expect(clock.next(tick)).toBe(clock.edge(edge + 1))
  })

  test('does not drift: the 33,333,333rd edge of 33.333333 MHz is at one second', () => {
    const clock = Clock.ofHertz(33_333_333)

    expect([clock.edge(1), clock.edge(2), clock.edge(33_333_333), clock.edge(33_333_333 * 86_400)]).toEqual([
      30, 60, 1e9, 86_400e9,
    ])
  })

  test('has no edge before its first', () => {
    const clock = new Clock(10, 1, 100)

    expect([clock.lastEdgeBy(99), clock.lastEdgeBy(100), clock.next(0)]).toEqual([-1, 0, 100])
  })

  it.for([
    [0, 1, 0],
    [1, 0, 0],
    [1.5, 1, 0],
    [1, 1, -1],
    [2 ** 53, 1, 0],
    [Number.NaN, 1, 0],
  ] as const)('refuses a period of %s / %s from %s', ([num, den, start]) => {
    expect(() => new Clock(num, den, start)).toThrow(expect.objectContaining({ code: 'time.clock' }))
  })

  test('has an edge at the last instant of time, and none behind it', () => {
    const clock = new Clock(LAST_TICK)

    expect([clock.edge(1), clock.edgeOrNever(1), clock.edgeOrNever(2)]).toEqual([LAST_TICK, LAST_TICK, Infinity])
  })
})
