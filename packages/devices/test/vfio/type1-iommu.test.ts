import { GiB, KiB, LAST_ADDRESS, MiB } from '@hostbridge/core/address'
import { Type1Iommu } from '@hostbridge/devices/vfio'
import { describe, expect, test } from 'vitest'

describe('Type1Iommu', () => {
  test('maps 4 KiB, 2 MiB and 1 GiB pages at every address, as many as you like, unless told (DM-6)', () => {
    const iommu = new Type1Iommu()

    expect(iommu.pageSizes).toEqual([4n * KiB, 2n * MiB, GiB])
    expect(iommu.iovaRanges).toEqual([{ start: 0n, last: LAST_ADDRESS }])
    expect(iommu.maxEntries).toBe(Infinity)
  })

  test('takes page sizes and ranges in any order', () => {
    const high = { start: 0x1_0000_0000n, last: LAST_ADDRESS }
    const low = { start: 0n, last: 0xfedf_ffffn }

    const iommu = new Type1Iommu({ pageSizes: [2n * MiB, 4n * KiB], iovaRanges: [high, low] })

    expect(iommu.pageSizes).toEqual([4n * KiB, 2n * MiB])
    expect(iommu.iovaRanges).toEqual([low, high])
  })

  test.each([[[]], [[4096n, 4096n]], [[3n * KiB]], [[2n * KiB]], [[1n << 64n]]])(
    'refuses the page sizes %s',
    (pageSizes) => {
      expect(() => new Type1Iommu({ pageSizes })).toThrow(/give different powers of two from 4 KiB to 2\^63/)
    },
  )

  test('refuses a range that is cut across its smallest page, naming both', () => {
    const iovaRanges = [{ start: 0n, last: 0x1_7fffn }]

    expect(() => new Type1Iommu({ pageSizes: [64n * KiB], iovaRanges })).toThrow(
      'a host IOMMU cannot have the IOVA range [0x0, 0x17fff]: it must begin and end at a page of 64 KiB, the smallest there is',
    )
  })

  test('refuses overlapping ranges, naming both', () => {
    const iovaRanges = [
      { start: 0x1000n, last: 0x3fffn },
      { start: 0x3000n, last: 0x4fffn },
    ]

    expect(() => new Type1Iommu({ iovaRanges })).toThrow(/\[0x1000, 0x3fff\]: it overlaps \[0x3000, 0x4fff\]/)
  })

  test.each([
    { start: -4096n, last: 4095n },
    { start: 4096n, last: 4095n },
    { start: 0n, last: LAST_ADDRESS + 4096n },
  ])('refuses a range that is none: $start to $last', (range) => {
    expect(() => new Type1Iommu({ iovaRanges: [range] })).toThrow(/must lie below 2\^64 and hold an address/)
  })

  test('refuses to have no range', () => {
    expect(() => new Type1Iommu({ iovaRanges: [] })).toThrow(/no range at all/)
  })

  test.each([-1, 0.5, Number.NaN])('refuses a limit of %s entries', (maxEntries) => {
    expect(() => new Type1Iommu({ maxEntries })).toThrow(/give a whole number/)
  })
})
