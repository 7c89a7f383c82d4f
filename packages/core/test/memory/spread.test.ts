import { fc, test } from '@fast-check/vitest'
import { test as example, expect } from 'vitest'
import type { Range } from '../../src/address/range.ts'
import { alias, container, type MemoryRegion, MemorySystem, ram } from '../../src/memory/index.ts'
import type { ShownView } from '../../src/memory/shown-view.ts'
import { spread } from '../../src/memory/spread.ts'

// The oracle looks from the view down: at which offsets is the place seen, through enabled containers and aliases? Nothing
// covers anything there, as a window that is covered may be carried too.

/** Lets `view` write down what touches it in place of noting it. */
function watched(view: ShownView): Range[] {
  const touched: Range[] = []
  view.touch = (start, last) => touched.push({ start, last })
  return touched
}

/** Where `wanted` is in what `region` shows from `first` to `last` (its own offsets), in offsets of the view, moved by `shift`. */
function seen(
  region: MemoryRegion,
  wanted: MemoryRegion,
  part: Range,
  first: bigint,
  last: bigint,
  shift: bigint,
): Range[] {
  if (first > last) return []
  const found: Range[] = []
  if (region === wanted) {
    const start = part.start > first ? part.start : first
    const end = part.last < last ? part.last : last
    if (start <= end) found.push({ start: start + shift, last: end + shift })
  }
  const into = (below: MemoryRegion, at: bigint) => {
    const low = first - at > 0n ? first - at : 0n
    const high = last - at < below.size - 1n ? last - at : below.size - 1n
    found.push(...seen(below, wanted, part, low, high, shift + at))
  }
  const { target } = region
  if (target?.enabled) into(target, -region.targetOffset)
  for (const child of region.children) if (child.enabled) into(child, child.address)
  return found
}

const texts = (ranges: readonly Range[]) => ranges.map(({ start, last }) => `${start}-${last}`).sort()

const recipe = fc.record({
  isAlias: fc.boolean(),
  target: fc.nat(6),
  parent: fc.nat(6),
  at: fc.nat(20),
  size: fc.integer({ min: 1, max: 24 }),
  offset: fc.nat(12),
  enabled: fc.boolean().map((flag) => flag),
})

test.prop([fc.array(recipe, { minLength: 1, maxLength: 9 }), fc.nat(9), fc.nat(8), fc.integer({ min: 1, max: 8 })], {
  numRuns: 200,
})(
  'carries a window to every place where a view shows it, and to no other (FV-2, MR-7)',
  (recipes, which, start, size) => {
    const root = container('root', 64n)
    const regions: MemoryRegion[] = [root]
    const system = new MemorySystem('machine')
    // Another child keeps the view that of the root (FV-9).
    root.add(ram('other', 1n), 63n, { priority: -9 })
    for (const [i, one] of recipes.entries()) {
      const target = regions[one.target % regions.length] as MemoryRegion
      const region = one.isAlias
        ? alias(`a${i}`, target, { offset: BigInt(one.offset), size: BigInt(one.size) })
        : container(`c${i}`, BigInt(one.size))
      region.setEnabled(one.enabled || i % 2 === 0)
      const parent = regions[one.parent % regions.length] as MemoryRegion
      try {
        parent.add(region, BigInt(one.at))
      } catch {
        // A cycle, or a child of an alias.
        continue
      }
      regions.push(region)
    }
    system.createSpace('memory', root)
    const place = regions[which % regions.length] as MemoryRegion
    const part = { start: BigInt(start), last: BigInt(start + size - 1) }
    const last = part.last < place.size ? part.last : place.size - 1n
    fc.pre(part.start <= last && root.view !== undefined)
    const touched = watched(root.view as ShownView)

    spread(place, { start: part.start, last })

    // The region itself may be hidden just now: then all of it was seen before.
    const before = place.enabled
    if (!before) return
    expect(texts(touched)).toEqual(texts(seen(root, place, { start: part.start, last }, 0n, 63n, 0n)))
  },
)

example('says whether there may be a view, and lets an alias sleep above which there is none', () => {
  const root = container('root')
  const dma = ram('dma', 0x1000n)
  const bus = container('bus', 0x1000n)
  root.add(ram('other', 0x1000n), 0x8000n)
  bus.add(alias('window', dma), 0n)
  root.add(bus, 0n)
  new MemorySystem('machine').createSpace('memory', root)
  root.remove(bus)
  const awakeBefore = dma.sight.awake.size

  const isSeen = spread(dma, { start: 0n, last: 0xfffn })

  expect([awakeBefore, isSeen, dma.sight.awake.size, spread(root, { start: 0n, last: 0n })]).toEqual([
    1,
    false,
    0,
    true,
  ])
})
