import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { LAST_FRAME } from '../../src/address/index.ts'
import { RadixTable } from '../../src/iommu/radix-table.ts'
import { collect, EntryListModel } from './entry-list-model.ts'

const ALL_SHIFTS = Array.from({ length: 53 }, (_, order) => 12 + order)

/** Page frames where arithmetic breaks: 0, 2^53 and 2^63 bytes, the end of the space. */
const PLACES = [0, 2 ** 41 - 1024, 2 ** 51 - 1024, 2 ** 52 - 2048]

/** One change inside a window of 2048 units of `2^scale` pages: `kind` 0 unmaps, 1 to 3 map with that permission. */
const change = (): fc.Arbitrary<Change> =>
  fc.record({
    kind: fc.integer({ min: 0, max: 3 }),
    scale: fc.constantFrom(0, 0, 0, 5, 9, 18, 30, 41),
    unit: fc.integer({ min: 0, max: 2047 }),
    units: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 2048 })),
    order: fc.integer({ min: 0, max: 11 }),
    target: fc.integer({ min: 0, max: 3 }),
  })

interface Change {
  kind: number
  scale: number
  unit: number
  units: number
  order: number
  target: number
}

interface Target {
  map(frame: number, frames: number, target: number, permission: number, shift: number): unknown
  unmap(frame: number, frames: number): unknown
}

/** Makes a change of whole entries out of what fast-check drew, and applies it to all of `tables`. */
function apply(place: number, { kind, scale, unit, units, order, target }: Change, ...tables: Target[]): void {
  const size = 2 ** Math.min(scale + order, 52)
  const wanted = place + unit * 2 ** scale
  const frame = Math.min(Math.floor(wanted / size) * size, LAST_FRAME + 1 - size)
  const frames =
    Math.max(Math.min(Math.ceil((units * 2 ** scale) / size), (LAST_FRAME + 1 - frame) / size, 4096), 1) * size
  const to = (target * 2 ** 30 * size) % (LAST_FRAME + 1 - frames + 1)
  const aligned = Math.floor(to / size) * size
  for (const table of tables) {
    if (kind === 0) table.unmap(frame, frames)
    else table.map(frame, frames, aligned, kind, 12 + Math.log2(size))
  }
}

describe('RadixTable', () => {
  test.prop([fc.constantFrom(...PLACES), fc.array(change(), { maxLength: 12 })], { numRuns: 200 })(
    'holds what a plain list of entries holds: mapping replaces, unmapping splits',
    (place, changes) => {
      const table = new RadixTable()
      const model = new EntryListModel(ALL_SHIFTS)

      for (const each of changes) apply(place, each, table, model)

      expect(collect(table.runs(0, LAST_FRAME))).toEqual(model.runs(0, LAST_FRAME))
      expect(table.entries).toBe(model.entries.length)
    },
  )

  test.prop(
    [
      fc.constantFrom(...PLACES),
      fc.array(change(), { minLength: 1, maxLength: 8 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 2047 }), fc.integer({ min: 1, max: 2048 })), { maxLength: 8 }),
    ],
    { numRuns: 100 },
  )('cuts runs to the range asked for and translates each page as the run says', (place, changes, ranges) => {
    const table = new RadixTable()
    const model = new EntryListModel(ALL_SHIFTS)
    for (const each of changes) apply(place, each, table, model)

    for (const [offset, frames] of ranges) {
      const first = place + offset
      const last = Math.min(first + frames - 1, LAST_FRAME)
      expect(collect(table.runs(first, last))).toEqual(model.runs(first, last))

      const out = { permission: 9, frame: 9, shift: 9, target: undefined }
      table.translate(first, 0, out)
      const entry = model.around(first)
      expect(out).toMatchObject(
        entry === undefined
          ? { permission: 0 }
          : { permission: entry.permission, frame: entry.target + first - entry.first, shift: entry.shift },
      )
    }
  })

  test.prop([fc.array(change(), { maxLength: 10 })], { numRuns: 50 })(
    'cuts entries only into the sizes that it may have',
    (changes) => {
      const shifts = [12, 16, 21]
      const table = new RadixTable({ shifts })
      const model = new EntryListModel(shifts)

      for (const { unit, units, kind, order } of changes) {
        const shift = shifts[order % 3] as number
        const size = 2 ** (shift - 12)
        const frame = Math.floor(unit / size) * size
        const frames = Math.ceil(units / size) * size
        for (const each of [table, model]) {
          if (kind === 0) each.unmap(unit, units)
          else each.map(frame, frames, frame + 2 ** 20, kind, shift)
        }
      }

      expect(collect(table.runs(0, LAST_FRAME))).toEqual(model.runs(0, LAST_FRAME))
      expect(table.entries).toBe(model.entries.length)
    },
  )

  test('maps all 2^64 bytes as one entry, and cuts a page out of it', () => {
    const table = new RadixTable()

    table.map(0, 2 ** 52, 0, 3, 64)
    const whole = collect(table.runs(0, LAST_FRAME))
    table.unmap(2 ** 51, 1)

    expect(whole).toEqual([{ frame: 0, frames: 2 ** 52, target: 0, permission: 3, shift: 64 }])
    expect(table.entries).toBe(52)
    expect(collect(table.runs(2 ** 51 - 1, 2 ** 51 + 1))).toEqual([
      { frame: 2 ** 51 - 1, frames: 1, target: 2 ** 51 - 1, permission: 3, shift: 63 },
      { frame: 2 ** 51 + 1, frames: 1, target: 2 ** 51 + 1, permission: 3, shift: 12 },
    ])
  })

  test('gives back the nodes of what is unmapped', () => {
    const table = new RadixTable()
    for (let round = 0; round < 50; round++) {
      table.map(round * 2 ** 30, 1, 0, 3, 12)
      table.unmap(round * 2 ** 30, 1)
    }

    expect(table.entries).toBe(0)
    expect(table.bytes).toBeLessThan(8 * 4224)
  })

  test('merges runs across nodes and batches', () => {
    const table = new RadixTable()
    for (let page = 0; page < 2000; page++) table.map(2 * page, 1, 2 * page, 3, 12)
    table.map(4000, 5000, 10_000, 1, 12)

    const runs = collect(table.runs(0, LAST_FRAME))

    expect(runs).toHaveLength(2001)
    expect(runs.at(-1)).toEqual({ frame: 4000, frames: 5000, target: 10_000, permission: 1, shift: 12 })
  })

  test('refuses what would exceed maxBytes and stays as it was', () => {
    const table = new RadixTable({ maxBytes: 8 * 4224 })
    table.map(0, 4, 100, 3, 12)
    const before = bytesOf(table)

    const refusal = table.map(2 ** 40, 1024, 0, 3, 12)

    expect(refusal).toEqual([
      {
        iova: 2n ** 52n,
        size: 2n ** 22n,
        code: 'limit',
        reason: 'the page table would take more than its 33792 bytes',
      },
    ])
    expect(bytesOf(table)).toEqual(before)
  })

  test('refuses to cut an entry when there is no room for the pieces', () => {
    const table = new RadixTable({ maxBytes: 3 * 4224 })
    table.map(0, 2 ** 45, 0, 3, 57)
    const before = bytesOf(table)

    const refusal = table.unmap(5, 1)

    expect(refusal).toMatchObject([{ iova: 0x5000n, size: 4096n, code: 'limit' }])
    expect(bytesOf(table)).toEqual(before)
    expect(table.entries).toBe(1)
  })

  test.prop([fc.array(change(), { maxLength: 20 }), fc.integer({ min: 3, max: 40 })], { numRuns: 100 })(
    'is byte for byte as before whenever it refuses',
    (changes, nodes) => {
      const table = new RadixTable({ maxBytes: nodes * 4224 })
      const model = new EntryListModel(ALL_SHIFTS)

      for (const each of changes) {
        const before = bytesOf(table)
        let refused = false
        apply(0, each, {
          map: (...args) => {
            refused = table.map(...args) !== undefined
          },
          unmap: (...args) => {
            refused = table.unmap(...args) !== undefined
          },
        })
        if (refused) expect(bytesOf(table)).toEqual(before)
        else apply(0, each, model)
      }

      expect(collect(table.runs(0, LAST_FRAME))).toEqual(model.runs(0, LAST_FRAME))
      expect(table.bytes).toBeLessThanOrEqual(table.maxBytes)
    },
  )

  test('throws for what is not made of whole entries', () => {
    const table = new RadixTable({ shifts: [16, 24] })

    expect(() => table.map(1, 16, 0, 3, 16)).toThrow(expect.objectContaining({ code: 'iommu.table-range' }))
    expect(() => table.map(0, 16, 8, 3, 16)).toThrow(expect.objectContaining({ code: 'iommu.table-range' }))
    expect(() => table.map(0, 1, 0, 3, 12)).toThrow(expect.objectContaining({ code: 'iommu.table-range' }))
    expect(() => table.unmap(0, 1)).toThrow(expect.objectContaining({ code: 'iommu.table-range' }))
    expect(() => table.unmap(0, 2 ** 53)).toThrow(expect.objectContaining({ code: 'iommu.table-range' }))
    expect(() => new RadixTable({ shifts: [21, 12] })).toThrow(expect.objectContaining({ code: 'iommu.page-sizes' }))
    expect(() => new RadixTable({ maxBytes: 4224 })).toThrow(expect.objectContaining({ code: 'iommu.table-size' }))
  })
})

/** The table's bytes, with zeros that follow cut off. */
function bytesOf(table: RadixTable): Buffer {
  const { buffer } = table.source()
  const rest = new Uint8Array(buffer, table.bytes)
  expect(rest.every((byte) => byte === 0)).toBe(true)
  return Buffer.copyBytesFrom(new Uint8Array(buffer, 0, table.bytes))
}
