import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { entriesOfFrames, entryStart, framesOfShift, isEntryStart } from '../../src/iommu/entry-size.ts'

const frame = fc.oneof(fc.integer({ min: 0, max: 2 ** 52 - 1 }), fc.constantFrom(0, 2 ** 41, 2 ** 51, 2 ** 52 - 1))

test.prop([frame, fc.integer({ min: 12, max: 64 })])('entries begin at multiples of their size', (at, shift) => {
  const size = 1n << BigInt(shift - 12)
  const start = BigInt(at) - (BigInt(at) % size)

  expect(BigInt(framesOfShift(shift))).toBe(size)
  expect(BigInt(entryStart(at, shift))).toBe(start)
  expect(isEntryStart(at, shift)).toBe(start === BigInt(at))
  expect(entriesOfFrames(Number(start), shift)).toBe(Number(start / size))
})
