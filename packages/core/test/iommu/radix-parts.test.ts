import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { type RadixPart, RadixParts } from '../../src/iommu/radix-parts.ts'
import { RadixTable } from '../../src/iommu/radix-table.ts'
import { drain } from './linear-oracle.ts'

const LAST = 2 ** 52 - 1

function partsOf(table: RadixTable, first: number, last: number, fine: number): RadixPart[] {
  const parts = new RadixParts(table.source(), first, last, fine)
  const found: RadixPart[] = []
  for (let part = parts.next(); part !== undefined; part = parts.next()) found.push(part)
  return found
}

const mapping = fc.record({
  shift: fc.constantFrom(12, 13, 21, 24, 30, 39, 48, 57),
  index: fc.oneof(fc.nat(4), fc.nat(600)),
  count: fc.integer({ min: 1, max: 600 }),
  far: fc.constantFrom(0, 0, 2 ** 27, 2 ** 51, 2 ** 52 - 2 ** 45),
})

describe('RadixParts', () => {
  test.prop(
    [
      fc.array(mapping, { maxLength: 5 }),
      fc.nat(5000),
      fc.constantFrom(LAST, 2 ** 51, 9000),
      fc.constantFrom(1, 600, 2 ** 20),
    ],
    { numRuns: 200 },
  )('holds all that is mapped in the range, ascending, each frame once', (mappings, first, last, fine) => {
    const table = new RadixTable({ maxBytes: 2 ** 26 })
    for (const { shift, index, count, far } of mappings) {
      const size = 2 ** (shift - 12)
      const frame = Math.floor(far / size) * size + index * size
      if (frame + count * size <= 2 ** 52) table.map(frame, count * size, 0, 3, shift)
    }

    const parts = partsOf(table, first, last, fine)

    let end = first
    for (const part of parts) {
      expect(part.first).toBeGreaterThanOrEqual(end)
      expect(part.last).toBeGreaterThanOrEqual(part.first)
      expect(part.slots).toBeGreaterThan(0)
      end = part.last + 1
    }
    expect(end - 1).toBeLessThanOrEqual(last)
    const framesIn = (from: number, to: number): bigint =>
      drain(table.runs(from, to)).reduce((sum, { frames }) => sum + BigInt(frames), 0n)
    expect(parts.reduce((sum, part) => sum + framesIn(part.first, part.last), 0n)).toBe(framesIn(first, last))
  })

  test('is one part for the pages of a GiB, and one for each node of them when that is too much', () => {
    const table = new RadixTable()
    table.map(2 ** 40, 2 ** 18, 0, 3, 12)

    const coarse = partsOf(table, 0, LAST, 2 ** 18)
    const fine = partsOf(table, 0, LAST, 2 ** 18 - 1)

    expect(coarse).toEqual([{ first: 2 ** 40, last: 2 ** 40 + 2 ** 18 - 1, slots: 2 ** 18 }])
    expect(fine).toHaveLength(512)
    expect(fine[1]).toEqual({ first: 2 ** 40 + 512, last: 2 ** 40 + 1023, slots: 512 })
  })

  test('counts an entry between two levels with the slots that it fills', () => {
    const table = new RadixTable()
    table.map(0, 2 ** 12, 0, 3, 24)

    expect(partsOf(table, 0, LAST, 100)).toEqual([{ first: 0, last: 2 ** 18 - 1, slots: 8 }])
  })
})
