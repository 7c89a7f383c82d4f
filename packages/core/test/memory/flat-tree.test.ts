import { fc, test } from '@fast-check/vitest'
import { test as example, expect } from 'vitest'
import { splitAddress } from '../../src/address/page-frame.ts'
import { LAST_ADDRESS } from '../../src/address/units.ts'
import { FlatRange } from '../../src/memory/flat-range.ts'
import { collect, collectAll, type FlatNode, floorOf, higherThan, spliceTree } from '../../src/memory/flat-tree.ts'
import { container } from '../../src/memory/index.ts'

// The oracle is an array of ranges, filtered and sorted.

const region = container('region')
/** Not a page: ranges begin and end inside pages. */
const UNIT = 0x600n

function rangeAt(cell: number, cells = 1): FlatRange {
  const start = BigInt(cell) * UNIT
  return new FlatRange(region, start, start + BigInt(cells) * UNIT - 1n, 0n, { readonly: false, romMode: false })
}

function all(root: FlatNode | undefined): FlatRange[] {
  const ranges: FlatRange[] = []
  collectAll(root, ranges)
  return ranges
}

/** Everything that must be true of a tree, whatever has been done to it; its height. */
function checkShape(node: FlatNode, isRoot: boolean): number {
  expect(node.entries).toBeLessThanOrEqual(32)
  expect(node.entries).toBeGreaterThanOrEqual(isRoot ? 1 : 8)
  if (node.nodes === undefined) {
    expect(node.low).toBe(node.ranges?.[0])
    return 1
  }
  if (isRoot) expect(node.entries).toBeGreaterThan(1)
  const heights = new Set(node.nodes.map((child) => checkShape(child, false)))
  expect(node.low).toBe(node.nodes[0]?.low)
  expect(heights.size).toBe(1)
  return 1 + (heights.values().next().value as number)
}

const step = fc.record({
  cell: fc.nat(2000),
  /** Cells that are replaced, from none to a quarter of all. */
  cells: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 500 })),
  /** How the fresh ranges lie in there: each so many cells, then a hole of so many. */
  wide: fc.integer({ min: 1, max: 3 }),
  hole: fc.integer({ min: 0, max: 3 }),
  isEmpty: fc.boolean(),
})

test.prop([fc.array(step, { minLength: 1, maxLength: 25 })], { numRuns: 15 })(
  'holds what a list would, balanced, after any splices, and the trees before are as they were (FV-1)',
  (steps) => {
    let list: FlatRange[] = Array.from({ length: 700 }, (_, i) => rangeAt(3 * i, 2))
    let root = spliceTree(undefined, 0n, LAST_ADDRESS, list)

    for (const { cell, cells, wide, hole, isEmpty } of steps) {
      const [before, listBefore] = [root, list]
      // As patches do: what is met goes whole, so the window ends where ranges do.
      const first = BigInt(cell) * UNIT
      const last = first + BigInt(cells) * UNIT - 1n
      const fresh: FlatRange[] = []
      for (let at = cell; !isEmpty && at + wide <= cell + cells; at += wide + hole) fresh.push(rangeAt(at, wide))
      root = spliceTree(root, first, last, fresh)
      list = [...list.filter((one) => one.last < first), ...fresh, ...list.filter((one) => one.start > last)]

      expect(all(root)).toEqual(list)
      expect(all(before)).toEqual(listBefore)
      if (root !== undefined) checkShape(root, true)
      const probes = [first, last, first - 1n, last + 1n, 0n].filter((at) => at >= 0n)
      for (const at of probes) {
        const { frame, offset } = splitAddress(at)
        expect(floorOf(root, frame, offset)).toBe(list.findLast(({ start }) => start <= at))
        expect(higherThan(root, frame, offset)).toBe(list.find(({ start }) => start > at))
      }
      const found: FlatRange[] = []
      collect(root, first, last, found)
      expect(found).toEqual(list.filter((one) => one.last >= first && one.start <= last))
    }
  },
)

example('a splice shares all nodes but those on the way to what changes', () => {
  const list = Array.from({ length: 20_000 }, (_, i) => rangeAt(2 * i))
  const root = spliceTree(undefined, 0n, LAST_ADDRESS, list)
  const known = new Set(nodesOf(root))

  const fresh = rangeAt(20_001)
  const changed = spliceTree(root, fresh.start, fresh.last, [fresh])

  const made = [...nodesOf(changed)].filter((node) => !known.has(node))
  expect(known.size).toBeGreaterThan(800)
  // One on each level.
  expect(made.length).toBe(checkShape(changed as FlatNode, true))
})

example('what is taken out one by one leaves nothing, and no tree that is higher than it need be', () => {
  const list = Array.from({ length: 2000 }, (_, i) => rangeAt(i))
  let root = spliceTree(undefined, 0n, LAST_ADDRESS, list)
  const heights: number[] = []

  for (const [i, { start, last }] of list.entries()) {
    root = spliceTree(root, start, last, [])
    if (i % 20 === 0 || i > 1950) heights.push(root === undefined ? 0 : checkShape(root, true))
  }

  expect([root, heights[0], heights.at(-2), heights.at(-40)]).toEqual([undefined, 3, 1, 2])
})

example('nothing is found in a tree of nothing', () => {
  const found: FlatRange[] = []
  collect(undefined, 0n, LAST_ADDRESS, found)

  expect([floorOf(undefined, 5, 0), higherThan(undefined, 5, 0), all(undefined), found]).toEqual([
    undefined,
    undefined,
    [],
    [],
  ])
})

function* nodesOf(node: FlatNode | undefined): Generator<FlatNode> {
  if (node === undefined) return
  yield node
  for (const child of node.nodes ?? []) yield* nodesOf(child)
}
