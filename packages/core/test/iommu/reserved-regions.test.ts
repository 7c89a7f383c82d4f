import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { LAST_ADDRESS, WHOLE_SPACE } from '../../src/address/index.ts'
import { invertRanges, ReservedRegions } from '../../src/iommu/index.ts'

const range = fc.tuple(fc.nat(40), fc.nat(40)).map(([a, b]) => ({
  start: BigInt(Math.min(a, b)),
  last: BigInt(Math.max(a, b)),
}))

describe('invertRanges', () => {
  test.prop([fc.array(range, { maxLength: 6 }), range])(
    'gives exactly what is in none of them (VI-15)',
    (ranges, within) => {
      const free: bigint[] = []
      for (let at = within.start; at <= within.last; at++) {
        if (ranges.every(({ start, last }) => at < start || last < at)) free.push(at)
      }

      const inverse = invertRanges(ranges, within)

      const covered = inverse.flatMap(({ start, last }) =>
        Array.from({ length: Number(last - start) + 1 }, (_, index) => start + BigInt(index)),
      )
      expect(covered).toEqual(free)
      for (const [index, { start }] of inverse.entries()) {
        if (index > 0) expect(start).toBeGreaterThan((inverse[index - 1]?.last as bigint) + 1n)
      }
    },
  )

  test('gives the whole space for no ranges, and nothing for the whole space', () => {
    expect(invertRanges([])).toEqual([WHOLE_SPACE])
    expect(invertRanges([WHOLE_SPACE])).toEqual([])
  })

  test('gives what lies around the ranges of an x86 host', () => {
    const usable = [
      { start: 0xfef0_0000n, last: 2n ** 39n - 1n },
      { start: 0n, last: 0xfedf_ffffn },
    ]

    expect(invertRanges(usable)).toEqual([
      { start: 0xfee0_0000n, last: 0xfeef_ffffn },
      { start: 2n ** 39n, last: LAST_ADDRESS },
    ])
  })
})

describe('ReservedRegions', () => {
  const msi = { start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' } as const

  test('are those of the machine until a host is known', () => {
    const regions = new ReservedRegions('00:01.0', [msi])

    expect(regions.ranges).toEqual([msi])
    expect([regions.kindOf(0xfee0_0000n), regions.kindOf(0n)]).toEqual(['msi', undefined])
  })

  test('are what the host cannot translate, split by those of the machine (VI-15)', () => {
    const regions = new ReservedRegions('00:01.0', [msi])

    regions.setHostRanges([{ start: 0n, last: 0xfe00_0000n - 1n }])

    expect(regions.ranges).toEqual([
      { start: 0xfe00_0000n, last: 0xfedf_ffffn, kind: 'reserved' },
      msi,
      { start: 0xfef0_0000n, last: LAST_ADDRESS, kind: 'reserved' },
    ])
  })

  test('refuse a second host (VI-15)', () => {
    const regions = new ReservedRegions('00:01.0')
    regions.setHostRanges([{ start: 0n, last: 0xffffn }])

    expect(() => regions.setHostRanges([WHOLE_SPACE])).toThrow(
      "the host of '00:01.0' cannot translate other addresses than before: it had said [0x0, 0xffff]",
    )
  })
})
