import { type Range, sizeOf } from '../../address/range.ts'
import { ADDRESS_SPACE_SIZE } from '../../address/units.ts'
import type { PictureItem } from './picture-items.ts'

/** Addresses between two neighbouring edges: nothing begins or ends in between. Heights are in pixels. */
export interface PictureRow extends Range {
  readonly top: number
  readonly height: number
  /** Nothing is seen here, and no region lies here that could be: containers and aliases only. */
  readonly gap: boolean
}

export interface PictureBox {
  readonly item: PictureItem
  /** The first column is what is seen, the others are the tree. */
  readonly column: number
  readonly top: number
  readonly height: number
}

export interface PictureLayout {
  /** Ascending, without holes: all addresses from 0 to 2^64 - 1. */
  readonly rows: readonly PictureRow[]
  readonly boxes: readonly PictureBox[]
  readonly columns: number
  readonly height: number
}

/** A line of text with its margins. */
export const ROW_HEIGHT = 24

/**
 * Places items: every address has one height in all columns, a row's height grows with the logarithm of its size, and a gap
 * is as high as any other, however large. Regions of one depth that overlap stand side by side, the more important
 * one first where they begin together.
 */
export function layOut(items: readonly PictureItem[]): PictureLayout {
  const rows = rowsOf(items)
  const rowAt = new Map(rows.map((row, index) => [row.start, index]))
  const { columnOf, columns } = columnsOf(items)
  const boxes = items.map((item): PictureBox => {
    const first = rows[rowAt.get(item.start) ?? 0] as PictureRow
    const last = rows[(rowAt.get(item.last + 1n) ?? rows.length) - 1] as PictureRow
    return {
      item,
      column: columnOf.get(item) ?? 0,
      top: first.top,
      height: last.top + last.height - first.top,
    }
  })
  const bottom = rows.at(-1)
  return { rows, boxes, columns, height: bottom === undefined ? 0 : bottom.top + bottom.height }
}

function rowsOf(items: readonly PictureItem[]): PictureRow[] {
  const edges = new Set([0n])
  for (const { start, last } of items) edges.add(start).add(last + 1n)
  edges.delete(ADDRESS_SPACE_SIZE)
  const starts = [...edges].sort((a, b) => (a < b ? -1 : 1))
  const filled = filledStarts(items)
  let top = 0
  return starts.map((start, i) => {
    const last = (starts[i + 1] ?? ADDRESS_SPACE_SIZE) - 1n
    const gap = !filled.has(i)
    const height = gap ? ROW_HEIGHT : heightOf(sizeOf({ start, last }))
    const row = { start, last, top, height, gap }
    top += height
    return row
  })

  /** The rows in which something lies that answers, or would. */
  function filledStarts(all: readonly PictureItem[]): Set<number> {
    const rowOf = new Map(starts.map((start, i) => [start, i]))
    const change = new Array<number>(starts.length + 1).fill(0)
    for (const { start, last, kind } of all) {
      if (kind === 'container' || kind === 'alias') continue
      const [from, to] = [rowOf.get(start) ?? 0, rowOf.get(last + 1n) ?? starts.length]
      change[from] = (change[from] as number) + 1
      change[to] = (change[to] as number) - 1
    }
    const found = new Set<number>()
    let open = 0
    for (let i = 0; i < starts.length; i++) {
      open += change[i] as number
      if (open > 0) found.add(i)
    }
    return found
  }
}

/** A line for the smallest, a line more for every 2^16 times as many bytes. */
function heightOf(size: bigint): number {
  const log2 = size.toString(2).length - 1
  return ROW_HEIGHT + Math.round((log2 * ROW_HEIGHT) / 16)
}

/** Columns by depth; in a depth each item takes the first column that is free where it begins. */
function columnsOf(items: readonly PictureItem[]): { columnOf: Map<PictureItem, number>; columns: number } {
  const columnOf = new Map<PictureItem, number>()
  const depths = [...Map.groupBy(items, ({ depth }) => depth)].sort(([a], [b]) => a - b)
  let columns = 0
  for (const [, ofDepth] of depths) {
    const lastOf: bigint[] = []
    for (const item of ofDepth.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))) {
      const free = lastOf.findIndex((last) => last < item.start)
      const lane = free < 0 ? lastOf.length : free
      lastOf[lane] = item.last
      columnOf.set(item, columns + lane)
    }
    columns += lastOf.length
  }
  return { columnOf, columns }
}
