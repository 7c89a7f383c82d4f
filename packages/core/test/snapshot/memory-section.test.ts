import { test as property } from '@fast-check/vitest'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { packMemory, unpackMemory } from '../../src/snapshot/memory-section.ts'
import type { SavedMemory } from '../../src/snapshot/saved-memory.ts'

const SIZE = 0x30_0008n
const LAST = 0x30

function memoryOf(numbers: Iterable<number>): SavedMemory {
  const chunks = new Map<number, Uint8Array>()
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    chunks.set(number, new Uint8Array(number === LAST ? 8 : 0x1_0000).fill(number + 1))
  }
  return { name: 'ram', size: SIZE, chunks }
}

describe('a memory as sections', () => {
  property.prop([fc.array(fc.nat(LAST), { maxLength: 4 })], { numRuns: 10 })('is read as it was written', (numbers) => {
    const memory = memoryOf(numbers)

    expect(unpackMemory('ram', SIZE, packMemory(memory))).toEqual(memory)
  })

  test('is cut so that no section is long', () => {
    const memory = memoryOf([1, 5, 7, 8, LAST])

    const sections = packMemory(memory, 2)

    expect(sections.length).toBe(3)
    expect(unpackMemory('ram', SIZE, sections)).toEqual(memory)
  })

  test.each([
    ['is too short to count', Uint8Array.of(1)],
    ['counts what is no number', new Uint8Array(Float64Array.of(0.5).buffer)],
    ['counts more than there is', new Uint8Array(Float64Array.of(9).buffer)],
    ['has a chunk behind the end', new Uint8Array(Float64Array.of(1, LAST + 1).buffer)],
    ['has fewer bytes than chunks', new Uint8Array(Float64Array.of(1, LAST).buffer)],
    ['has more bytes than chunks', new Uint8Array(Float64Array.of(0, 0).buffer)],
    ['has chunks out of order', new Uint8Array(Float64Array.of(2, LAST, LAST, 0, 0).buffer)],
  ])('is refused where a section %s', (_, section) => {
    expect(() => unpackMemory('ram', SIZE, [section])).toThrow(
      "the contents of memory 'ram' do not fit their own length",
    )
  })
})
