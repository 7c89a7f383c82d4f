import { fc } from '@fast-check/vitest'
import { LinearTable } from '../../src/iommu/linear-table.ts'

/** A stretch of entries that look alike: what tables of guests consist of. */
interface Stretch {
  readonly kind: 'gap' | 'dense' | 'half' | 'random' | 'same' | 'noise'
  readonly length: number
  readonly seed: number
  readonly permission: number
  /** Ignored bits, below the page size. */
  readonly noise: number
}

/** A table as fast-check draws it: stretches one after the other from `first` on, in segments of 512 or more entries. */
export interface TableShape {
  readonly pageShift: number
  readonly segmentShift: number
  readonly first: number
  readonly stretches: readonly Stretch[]
}

const stretch: fc.Arbitrary<Stretch> = fc.record({
  kind: fc.constantFrom('gap', 'dense', 'dense', 'half', 'random', 'same', 'noise'),
  length: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 900 })),
  seed: fc.oneof(fc.constant(2 ** 32 - 5), fc.nat(0xffff_ffff)),
  permission: fc.integer({ min: 0, max: 3 }),
  noise: fc.constantFrom(0, 4, 0xffc, 0x7f8),
})

export const tableShape: fc.Arbitrary<TableShape> = fc.record({
  pageShift: fc.constantFrom(12, 12, 16, 21, 24, 31, 32, 33, 45),
  segmentShift: fc.constantFrom(9, 10, 12),
  first: fc.oneof(fc.nat(20), fc.nat(1500)),
  stretches: fc.array(stretch, { minLength: 1, maxLength: 8 }),
})

/** The words of a shape, by index; zeros are left out. */
export function wordsOf(shape: TableShape): Map<number, bigint> {
  const words = new Map<number, bigint>()
  let index = shape.first
  for (const { kind, length, seed, permission, noise } of shape.stretches) {
    let state = seed | 1
    for (let at = 0; at < length; at++, index++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
      const page = kind === 'random' ? state >>> 0 : kind === 'same' ? seed : seed + at
      const mapped = kind === 'noise' ? 0 : kind === 'random' ? (state >>> 8) & 3 : permission
      const present = kind === 'half' ? at % 2 === 1 : kind !== 'gap'
      const low = BigInt((state & noise) | mapped)
      const word = BigInt.asUintN(64, (BigInt(page) << BigInt(shape.pageShift)) | low)
      if (present && word !== 0n) words.set(index, word)
    }
  }
  return words
}

/** Entries that hold the shape, and some more. */
export function entriesFor(shape: TableShape): number {
  return shape.first + shape.stretches.reduce((sum, { length }) => sum + length, 0) + 37
}

export function makeTable(shape: TableShape): LinearTable {
  const { pageShift, segmentShift } = shape
  const table = new LinearTable({ entries: entriesFor(shape), pageShift, segmentShift })
  for (const [index, word] of wordsOf(shape)) table.put(index, word)
  return table
}
