import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { RadixTable } from '../../src/iommu/index.ts'
import { collect } from './entry-list-model.ts'

type Step =
  | { do: 'map'; frame: number; frames: number; order: number; permission: number }
  | { do: 'unmap'; frame: number; frames: number }
  | { do: 'begin' | 'commit' | 'rollback' }

const scale = fc.constantFrom(1, 2 ** 9, 2 ** 18, 2 ** 40)
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('map' as const),
      frame: fc.tuple(scale, fc.integer({ min: 0, max: 1023 })).map(([unit, at]) => unit * at),
      frames: fc.integer({ min: 1, max: 1500 }),
      order: fc.integer({ min: 0, max: 11 }),
      permission: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({
      do: fc.constant('unmap' as const),
      frame: fc.integer({ min: 0, max: 2 ** 20 }),
      frames: fc.tuple(scale, fc.integer({ min: 1, max: 1023 })).map(([unit, many]) => unit * many),
    }),
    fc.record({ do: fc.constantFrom('begin' as const, 'commit' as const, 'rollback' as const) }),
  ),
  { maxLength: 24 },
)

describe('RadixJournal', () => {
  test.prop([steps], { numRuns: 150 })('makes every byte what it was, however transactions nest', (script) => {
    const table = new RadixTable({ maxBytes: 400 * 4224 })
    const images: Uint8Array[] = []

    for (const step of script) {
      if (step.do === 'map') {
        const size = 2 ** step.order
        const frame = Math.floor(step.frame / size) * size
        table.map(frame, Math.ceil(step.frames / size) * size, frame, step.permission, 12 + step.order)
      } else if (step.do === 'unmap') {
        table.unmap(step.frame, step.frames)
      } else if (step.do === 'begin') {
        images.push(imageOf(table))
        table.begin()
      } else if (images.length > 0) {
        const before = images.pop() as Uint8Array
        if (step.do === 'commit') table.commit()
        else table.rollback()
        if (step.do === 'rollback') expectImage(table, before)
      }
    }
    for (const before of images.reverse()) {
      table.rollback()
      expectImage(table, before)
    }
  })

  test('puts back what was allocated, freed and freed before', () => {
    const table = new RadixTable()
    for (let k = 0; k < 40; k++) table.map(k * 2 ** 20, 700, 0, 3, 12)
    for (let k = 0; k < 40; k += 3) table.unmap(k * 2 ** 20, 2 ** 20)
    const before = imageOf(table)
    const entries = table.entries

    table.begin()
    table.unmap(0, 2 ** 52)
    for (let k = 0; k < 90; k++) table.map(k * 2 ** 33, 3, 0, 1, 12)
    table.rollback()

    expectImage(table, before)
    expect(table.entries).toBe(entries)
  })

  test('keeps what an inner transaction has done when it ends well, until the outer one is taken back', () => {
    const table = new RadixTable()
    const empty = imageOf(table)

    table.begin()
    table.begin()
    table.map(5, 1, 9, 3, 12)
    table.commit()
    const kept = collect(table.runs(0, 100))
    table.rollback()

    expect(kept).toHaveLength(1)
    expectImage(table, empty)
  })

  test('saves a node again for the outer transaction after the inner one was taken back', () => {
    const table = new RadixTable()
    table.map(5, 1, 9, 3, 12)
    const before = imageOf(table)

    table.begin()
    table.begin()
    table.map(6, 1, 9, 3, 12)
    table.rollback()
    table.map(7, 1, 9, 3, 12)
    table.rollback()

    expectImage(table, before)
  })

  test('throws without a transaction', () => {
    const table = new RadixTable()

    expect(() => table.commit()).toThrow(expect.objectContaining({ code: 'iommu.transaction' }))
    expect(() => table.rollback()).toThrow(expect.objectContaining({ code: 'iommu.transaction' }))
  })
})

function imageOf(table: RadixTable): Uint8Array {
  return new Uint8Array(table.source().buffer).slice()
}

/** The table is byte for byte as in `image`; where its buffer has grown since, zeros follow. */
function expectImage(table: RadixTable, image: Uint8Array): void {
  const now = imageOf(table)
  expect(Buffer.compare(now.subarray(0, image.length), image)).toBe(0)
  expect(now.subarray(image.length).every((byte) => byte === 0)).toBe(true)
}
