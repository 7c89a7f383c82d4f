import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { LinearTable } from '../../src/iommu/linear-table.ts'
import { type AddressSpace, container, MemorySystem } from '../../src/memory/index.ts'
import { drain, naiveRuns } from './linear-oracle.ts'

const ENTRIES = 3000

function memorySpace(): AddressSpace {
  return new MemorySystem('machine').createSpace('memory', container('root'))
}

const word = fc.oneof(fc.constantFrom(0n, 1n, 3n, 0xff0n, 2n ** 64n - 1n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))

describe('LinearTable', () => {
  test.prop([fc.array(fc.tuple(fc.nat(ENTRIES - 1), fc.nat(ENTRIES), word), { maxLength: 30 })], { numRuns: 100 })(
    'holds what a map of words holds, after single entries and stretches were set',
    (changes) => {
      const table = new LinearTable({ entries: ENTRIES, pageShift: 12, segmentShift: 9 })
      const model = new Map<number, bigint>()

      for (const [first, length, value] of changes) {
        const count = Math.min(length, ENTRIES - first)
        if (length % 3 === 0) table.put(first, value)
        else table.fill(first, count, Number(value >> 32n), Number(value & 0xffff_ffffn))
        for (let at = first; at < first + (length % 3 === 0 ? 1 : count); at++) model.set(at, value)
      }

      const held = Array.from({ length: ENTRIES }, (_, index) => table.get(index))
      expect(held).toEqual(Array.from({ length: ENTRIES }, (_, index) => model.get(index) ?? 0n))
      expect(table.mapped).toBe([...model.values()].filter((value) => (value & 3n) !== 0n).length)
      expect(drain(table.runs(0, ENTRIES - 1))).toEqual(naiveRuns(model, 12, 0, ENTRIES - 1))
    },
  )

  test('keeps the bits that translation ignores (TC-2)', () => {
    const table = new LinearTable({ entries: 16, pageShift: 16 })

    table.put(3, 0x1234_5678_9abc_fffdn)

    expect(table.get(3)).toBe(0x1234_5678_9abc_fffdn)
    expect(table.high(3)).toBe(0x1234_5678)
    expect(table.low(3)).toBe(0x9abc_fffd)
  })

  test('translates to the page above the ignored bits, with the offset inside the page (TC-4)', () => {
    const table = new LinearTable({ entries: 16, pageShift: 16 })
    table.put(3, 0x1234_5678_9abc_fffdn)
    const out = { permission: 0, frame: 0, shift: 0, target: undefined }

    table.translate(3 * 16 + 5, out)

    expect(out).toMatchObject({ permission: 1, frame: 0x1_2345_6789_abc0 + 5, shift: 16 })
  })

  test('translates nothing beyond its end, in one piece (TC-4)', () => {
    const table = new LinearTable({ entries: 16, pageShift: 12 })
    const out = { permission: 3, frame: 9, shift: 0, target: undefined }

    table.translate(16, out)

    expect(out).toMatchObject({ permission: 0, frame: 0, shift: 64 })
  })

  test('shows the entries of its first segment, made before or after, until they are hidden or cleared', () => {
    const space = memorySpace()
    const table = new LinearTable({ entries: ENTRIES, pageShift: 12, segmentShift: 9 })
    const early = table.show(space)!
    const none = early.words.length
    table.put(600, 0x1003n)
    const elsewhere = early.words.length
    table.put(5, 0x2_0000_1003n)
    const late = table.show(space)!
    const shown = [early, late].map(({ words, pageShift, target }) => [
      words[10],
      words[11],
      pageShift,
      target === space,
    ])

    table.hide(early)
    table.put(5, 0x3003n)

    expect([none, elsewhere]).toEqual([0, 0])
    expect(shown).toEqual(Array(2).fill([0x1003, 2, 12, true]))
    expect([early.words.length, late.words[10]]).toEqual([0, 0x3003])
    table.clear()
    expect(late.words.length).toBe(0)
    table.put(5, 0x4003n)
    expect([early.words.length, late.words[10]]).toEqual([0, 0x4003])
  })

  test('shows no entries whose pages are so large that an offset in them is no small integer', () => {
    const space = memorySpace()

    const shown = [31, 32].map((pageShift) => new LinearTable({ entries: 1, pageShift }).show(space)?.pageShift)

    expect(shown).toEqual([31, undefined])
  })

  test('makes no memory for zeros, and gives it back when it is cleared', () => {
    const table = new LinearTable({ entries: 2 ** 32, pageShift: 12 })

    table.fill(0, 2 ** 32, 0, 0)
    const before = table.source().segments.length
    table.put(2 ** 32 - 1, 3n)
    const { segments } = table.source()
    table.clear()

    expect(before).toBe(0)
    expect(segments.map(({ first, entries }) => [first, entries])).toEqual([[2 ** 32 - 2 ** 27, 2 ** 27]])
    expect(table.mapped).toBe(0)
    expect(table.get(2 ** 32 - 1)).toBe(0n)
  })

  test('shows later entries of an existing segment through an earlier source', () => {
    const table = new LinearTable({ entries: 512, pageShift: 12 })
    table.put(0, 3n)
    const { segments } = table.source()

    table.put(7, 0xabc3n)

    expect(new DataView(segments[0]!.memory.buffer).getBigUint64(7 * 8, true)).toBe(0xabc3n)
  })

  test('refuses sizes that no table has', () => {
    expect(() => new LinearTable({ entries: 0, pageShift: 12 })).toThrow(/no table has 0 entries/)
    expect(() => new LinearTable({ entries: 4, pageShift: 63 })).toThrow(/at most 2\^64 bytes/)
    expect(() => new LinearTable({ entries: 4, pageShift: 11 })).toThrow(/of 2\^11 bytes/)
    expect(() => new LinearTable({ entries: 4, pageShift: 12, segmentShift: 28 })).toThrow(/segments of 2\^28/)
  })

  test('refuses entries outside the table', () => {
    const table = new LinearTable({ entries: 10, pageShift: 12 })

    expect(() => table.put(10, 3n)).toThrow(/not all in a table of 10/)
    expect(() => table.fill(8, 3, 0, 3)).toThrow(/entries 8 to 10/)
  })
})
