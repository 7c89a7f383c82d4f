import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import type { PictureItem } from '../../../src/memory/mtree/picture-items.ts'
import { layOut, ROW_HEIGHT } from '../../../src/memory/mtree/picture-layout.ts'

function item(start: bigint, size: bigint, depth = 0, kind = 'ram'): PictureItem {
  return { start, last: start + size - 1n, depth, kind, name: 'one', detail: '', disabled: false }
}

const WHOLE = 2n ** 64n

const address = fc.tuple(fc.nat({ max: 63 }), fc.nat({ max: 9 })).map(([shift, units]) => {
  return BigInt.asUintN(64, BigInt(units) << BigInt(shift))
})
const items = fc.array(
  fc
    .tuple(address, address, fc.nat({ max: 3 }), fc.constantFrom('ram', 'mmio', 'container', 'alias'))
    .map(([a, b, depth, kind]) => (a < b ? item(a, b - a, depth, kind) : item(b, a - b + 1n, depth, kind))),
  { maxLength: 30, size: 'max' },
)

describe('the layout of a picture', () => {
  test.prop([items])('has rows that follow each other without holes, from 0 to 2^64 - 1', (all) => {
    const { rows, height } = layOut(all)

    let next = { start: 0n, top: 0 }
    for (const row of rows) {
      expect({ start: row.start, top: row.top }).toEqual(next)
      expect(row.height).toBeGreaterThanOrEqual(ROW_HEIGHT)
      next = { start: row.last + 1n, top: row.top + row.height }
    }
    expect(next).toEqual({ start: WHOLE, top: height })
  })

  test.prop([items])('has boxes that are high enough for a name and never overlap in a column', (all) => {
    const { boxes, columns } = layOut(all)

    for (const one of boxes) {
      expect(one.height).toBeGreaterThanOrEqual(ROW_HEIGHT)
      expect(one.column).toBeLessThan(columns)
      for (const other of boxes) {
        if (one === other || one.column !== other.column) continue
        expect(one.top + one.height <= other.top || other.top + other.height <= one.top).toBe(true)
      }
    }
  })

  test.prop([items])(
    'keeps the order of addresses in all columns, and what lies inside another stays inside',
    (all) => {
      const { boxes } = layOut(all)

      for (const a of boxes) {
        for (const b of boxes) {
          if (a.item.last < b.item.start) expect(a.top + a.height).toBeLessThanOrEqual(b.top)
          if (a.item.start > b.item.start) expect(a.top).toBeGreaterThan(b.top)
          if (a.item.depth < b.item.depth) expect(a.column).toBeLessThan(b.column)
        }
      }
    },
  )

  test('takes as many columns as lie over each other in a depth, and no more', () => {
    const over = [item(0n, 0x3000n, 1), item(0x1000n, 0x1000n, 1), item(0x2000n, 0x1000n, 1), item(0x4000n, 0x10n, 1)]

    const { boxes, columns } = layOut([item(0n, 0x5000n), ...over])

    expect(columns).toBe(3)
    expect(boxes.map(({ column }) => column)).toEqual([0, 1, 2, 2, 1])
  })

  test('makes all gaps equally high, and larger regions higher', () => {
    const small = item(0x1000n, 0x10n)
    const large = item(2n ** 60n, 2n ** 40n)

    const { rows, boxes } = layOut([small, large, item(0n, WHOLE, 1, 'container'), item(0n, 2n ** 50n, 2, 'alias')])

    expect(rows.filter(({ gap }) => gap).map(({ height }) => height)).toEqual([24, 24, 24, 24])
    expect(boxes[0]!.height).toBeLessThan(boxes[1]!.height)
  })

  test('makes room for what is hidden, for somebody may enable it', () => {
    const { rows } = layOut([{ ...item(0n, 0x1000n, 1), disabled: true }])

    expect(rows.map(({ gap }) => gap)).toEqual([false, true])
  })

  test('of nothing is one gap', () => {
    expect(layOut([])).toMatchObject({ rows: [{ start: 0n, last: WHOLE - 1n, gap: true }], columns: 0, height: 24 })
  })
})
