import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import {
  contains,
  formatRange,
  hex,
  intersect,
  overlaps,
  type Range,
  rangeOf,
  sizeOf,
  WHOLE_SPACE,
} from '../../src/address/range.ts'
import { ADDRESS_SPACE_SIZE, GiB, KiB, LAST_ADDRESS, MiB, TiB } from '../../src/address/units.ts'

/** A few addresses around each boundary: points that stand for all others. */
const grid = [0n, 2n ** 53n, 2n ** 63n, LAST_ADDRESS]
  .flatMap((anchor) => [-3n, -2n, -1n, 0n, 1n, 2n, 3n].map((distance) => anchor + distance))
  .filter((address) => address >= 0n && address <= LAST_ADDRESS)

/** A range on the grid, and the points that are in it. */
const gridRange = fc.tuple(fc.nat(grid.length - 1), fc.nat(grid.length - 1)).map(([a, b]) => {
  const points = grid.slice(Math.min(a, b), Math.max(a, b) + 1)
  const range: Range = { start: points[0] as bigint, last: points.at(-1) as bigint }
  return { range, points: new Set(points) }
})

describe('ranges', () => {
  test('hold exactly 2^64 addresses at most', () => {
    expect(rangeOf(0n, ADDRESS_SPACE_SIZE)).toEqual(WHOLE_SPACE)
    expect(sizeOf(WHOLE_SPACE)).toBe(2n ** 64n)
    expect(rangeOf(LAST_ADDRESS, 1n)).toEqual({ start: LAST_ADDRESS, last: LAST_ADDRESS })
  })

  test.for([
    { start: -1n, size: 1n },
    { start: 0n, size: 0n },
    { start: 1n, size: ADDRESS_SPACE_SIZE },
    { start: LAST_ADDRESS, size: 2n },
  ])('do not begin at $start with $size bytes', ({ start, size }) => {
    expect(() => rangeOf(start, size)).toThrow(
      expect.objectContaining({ code: 'address.range', facts: { start, size } }),
    )
  })

  test.for([2n ** 53n, 2n ** 63n, LAST_ADDRESS])('know what is inside around %s', (address) => {
    const range = { start: address - 1n, last: address }

    expect([address - 2n, address - 1n, address, address + 1n].map((a) => contains(range, a))).toEqual([
      false,
      true,
      true,
      false,
    ])
  })

  test('intersect where both have addresses', () => {
    const low = { start: 0n, last: 2n ** 63n }
    const high = { start: 2n ** 63n, last: LAST_ADDRESS }

    expect(intersect(low, high)).toEqual({ start: 2n ** 63n, last: 2n ** 63n })
    expect([overlaps(low, high), overlaps(high, low)]).toEqual([true, true])
    expect(intersect({ start: 0n, last: 1n }, { start: 2n, last: 3n })).toBeUndefined()
    expect(overlaps({ start: 0n, last: 1n }, { start: 2n, last: 3n })).toBe(false)
  })

  property.prop({ a: gridRange, b: gridRange }, { numRuns: 200 })('agree with sets of points', ({ a, b }) => {
    const common = grid.filter((point) => a.points.has(point) && b.points.has(point))
    const first = common[0]

    expect(grid.filter((point) => contains(a.range, point))).toEqual([...a.points])
    expect(overlaps(a.range, b.range)).toBe(common.length > 0)
    expect(intersect(a.range, b.range)).toEqual(first === undefined ? undefined : { start: first, last: common.at(-1) })
  })

  test('are written with both ends in hex', () => {
    expect(formatRange({ start: 0n, last: LAST_ADDRESS })).toBe('[0x0, 0xffffffffffffffff]')
    expect(hex(-16n)).toBe('-0x10')
  })
})

test('units multiply to the size of the space', () => {
  expect([KiB, MiB, GiB, TiB]).toEqual([2n ** 10n, 2n ** 20n, 2n ** 30n, 2n ** 40n])
  expect(2n ** 24n * TiB).toBe(ADDRESS_SPACE_SIZE)
})
