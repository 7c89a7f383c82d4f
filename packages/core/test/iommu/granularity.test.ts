import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { ProbePositions } from '../../src/iommu/granularity.ts'

const size = fc.oneof(
  fc.bigInt(1n, 2n ** 64n),
  fc.constantFrom(1n, 4096n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n),
)
const step = fc.oneof(
  fc.bigInt(1n, 2n ** 65n),
  fc.bigInt(1n, 2n ** 20n),
  fc.tuple(fc.integer({ min: 0, max: 64 }), fc.integer({ min: -1, max: 1 })).map(([log, off]) => {
    const value = (1n << BigInt(log)) + BigInt(off)
    return value < 1n ? 1n : value
  }),
)
const frame = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 52 - 1 }),
  fc.integer({ min: 0, max: 100 }).map((near) => 2 ** 52 - 1 - near),
  fc.integer({ min: 0, max: 100 }),
)

describe('ProbePositions', () => {
  test.prop([step, frame], { numRuns: 300 })('gives the frame of the next position, exactly', (granularity, from) => {
    const positions = new ProbePositions(2n ** 64n, granularity)

    const address = BigInt(from) * 4096n
    const next = ((address + granularity - 1n) / granularity) * granularity
    const expected = next / 4096n
    const actual = positions.frameFrom(from)
    // Behind the region any answer serves that is behind it too.
    if (next < 2n ** 64n) expect(BigInt(actual)).toBe(expected)
    else expect(actual).toBeGreaterThan(positions.lastFrame)
  })

  test.prop([size, step], { numRuns: 200 })('knows the last position inside the region', (bytes, granularity) => {
    const positions = new ProbePositions(bytes, granularity)

    let expected = ((bytes - 1n) / granularity) * granularity
    expected /= 4096n
    expect(BigInt(positions.lastFrame)).toBe(expected)
  })

  test('throws for a granularity of 0 and less (RP-4)', () => {
    expect(() => new ProbePositions(4096n, 0n)).toThrow(expect.objectContaining({ code: 'iommu.granularity' }))
    expect(() => new ProbePositions(4096n, -1n)).toThrow(expect.objectContaining({ code: 'iommu.granularity' }))
  })
})
