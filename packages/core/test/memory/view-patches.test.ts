import { fc, test } from '@fast-check/vitest'
import { test as example, expect } from 'vitest'
import type { Range } from '../../src/address/range.ts'
import { LAST_ADDRESS } from '../../src/address/units.ts'
import type { FlatRange } from '../../src/memory/flat-range.ts'
import { FlatView } from '../../src/memory/flat-view.ts'
import { alias, container, type MemoryRegion, mmio, ram } from '../../src/memory/index.ts'
import { patchesOf } from '../../src/memory/view-patches.ts'

// The oracle renders everything anew, as one window; that this is right, the oracles of the renderer say.

const WHOLE: Range = { start: 0n, last: LAST_ADDRESS }
const CELLS = 48
const registers = { read: () => 0, write() {} }

function fresh(root: MemoryRegion): FlatView {
  return new FlatView(patchesOf(new FlatView([]), root, [WHOLE])[0]?.after ?? [])
}

const text = (range: FlatRange) =>
  `${range.region.name} ${range.start}-${range.last}@${range.offset} ${range.readonly} ${range.unmergeable} ${range.dirtyMask}`

/** What is seen at a cell; neighbours that are the same, side by side, may be one range or two. */
function cellsOf(view: FlatView): string[] {
  return Array.from({ length: CELLS }, (_, at) => {
    const range = view.find(BigInt(at))
    if (range === undefined) return ''
    return `${range.region.name} ${BigInt(at) - range.start + range.offset} ${range.readonly} ${range.unmergeable} ${range.dirtyMask}`
  })
}

const step = fc.record({
  region: fc.nat(9),
  what: fc.constantFrom('move', 'move', 'move', 'take', 'readonly', 'unmergeable', 'mask', 'enable'),
  at: fc.nat(CELLS - 1),
  priority: fc.integer({ min: -1, max: 1 }),
})

function machine() {
  const root = container('root', BigInt(CELLS))
  const back = ram('back', BigInt(CELLS))
  root.add(back, 0n, { priority: -2 })
  const regions: MemoryRegion[] = [
    ...[3, 5, 8].map((size) => ram(`r${size}`, BigInt(size))),
    ...[1, 4, 7].map((size) => mmio(`m${size}`, BigInt(size), registers)),
    // The same memory again, where it is: it joins with what is beside it.
    ...[0, 8, 16, 24].map((offset) => alias(`a${offset}`, back, { offset: BigInt(offset), size: 8n })),
  ]
  for (const [i, region] of regions.entries()) root.add(region, BigInt(4 * i))
  return { root, regions }
}

function change(
  root: MemoryRegion,
  region: MemoryRegion,
  { what, at, priority }: { what: string; at: number; priority: number },
) {
  if (what === 'move' || what === 'take') {
    region.container?.remove(region)
    if (what === 'move') root.add(region, BigInt(at), { priority })
  } else if (what === 'readonly') region.setReadonly(!region.readonly)
  else if (what === 'unmergeable') region.setUnmergeable(!region.unmergeable)
  else if (what === 'enable') region.setEnabled(!region.enabled)
  else region.setDirtyMask(at & 1)
}

test.prop([fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 })], {
  numRuns: 100,
})(
  'rendering where something changed gives what rendering everything gives, and the patches say exactly where it differs (FV-3, FV-6)',
  (rounds) => {
    const { root, regions } = machine()
    let view = fresh(root)

    for (const steps of rounds) {
      const before = cellsOf(view)
      for (const one of steps) change(root, regions[one.region] as MemoryRegion, one)
      const after = cellsOf(fresh(root))
      // The least that must be rendered: every cell at which something else is seen.
      const windows: { start: bigint; last: bigint }[] = []
      for (const [at, cell] of after.entries()) {
        if (cell === before[at]) continue
        const previous = windows.at(-1)
        if (previous?.last === BigInt(at) - 1n) previous.last = BigInt(at)
        else windows.push({ start: BigInt(at), last: BigInt(at) })
      }
      const patches = patchesOf(view, root, windows)
      const patched = view.patched(patches)

      expect(patched.ranges.map(text)).toEqual(fresh(root).ranges.map(text))
      const old = new Set(view.ranges)
      for (const { before, after } of patches) {
        expect(before.every((range) => old.has(range))).toBe(true)
        expect(before.length + after.length).toBeGreaterThan(0)
        expect(before[0]).not.toBe(after[0])
        expect(before.at(-1)).not.toBe(after.at(-1))
      }
      view = patched
    }
  },
)

example('a window in which nothing differs gives no patch, and the view stays the same object', () => {
  const { root } = machine()
  const view = fresh(root)

  const patches = patchesOf(view, root, [
    { start: 3n, last: 9n },
    { start: 20n, last: 21n },
  ])

  expect(patches).toEqual([])
  expect(view.patched(patches)).toBe(view)
})

example('an unmergeable range that a window touches is rendered whole, and stays one range (FV-6)', () => {
  const root = container('root', 64n)
  const memory = ram('memory', 16n)
  memory.setUnmergeable(true)
  root.add(memory, 8n)
  const view = fresh(root)

  const patches = patchesOf(view, root, [
    { start: 0n, last: 7n },
    { start: 12n, last: 13n },
  ])

  expect(patches).toEqual([])
})
