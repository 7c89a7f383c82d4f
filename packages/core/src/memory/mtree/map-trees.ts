import type { AddressSpace } from '../address-space.ts'
import type { FlatView } from '../flat-view.ts'
import type { MemoryRegion } from '../memory-region.ts'

/** A root with the spaces that show it; none for what only aliases show. */
export interface MapTree {
  readonly root: MemoryRegion
  readonly spaces: readonly AddressSpace[]
}

/** The roots of spaces in the order in which the spaces were made, each once. */
export function treesOf(spaces: readonly AddressSpace[]): MapTree[] {
  const byRoot = Map.groupBy(spaces, ({ root }) => root)
  return [...byRoot].map(([root, ofRoot]) => ({ root, spaces: ofRoot }))
}

/** {@link treesOf}, and behind them whole trees that aliases show a part of and no space does, each once (PI-4). */
export function treesWithTargets(trees: readonly MapTree[]): MapTree[] {
  const all = [...trees]
  const roots = new Set(trees.map(({ root }) => root))
  // The list grows while it is walked: a target's tree may hold aliases too.
  for (const { root } of all) {
    for (const target of aliasTargets(root)) {
      const top = topOf(target)
      if (roots.has(top)) continue
      roots.add(top)
      all.push({ root: top, spaces: [] })
    }
  }
  return all
}

/** The targets of the aliases in a tree, in the order in which the tree is written. */
export function* aliasTargets(region: MemoryRegion): Generator<MemoryRegion, void, undefined> {
  if (region.target !== undefined) yield region.target
  for (const child of inWrittenOrder(region)) yield* aliasTargets(child)
}

/** Children by ascending address, then by descending priority, then as they are rendered (PI-4). */
export function inWrittenOrder(region: MemoryRegion): readonly MemoryRegion[] {
  // The container's own order is by descending priority, and sorting keeps it.
  return [...region.children].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
}

/** Each view once, with the spaces that share it. */
export function viewsOf(spaces: readonly AddressSpace[]): Map<FlatView, AddressSpace[]> {
  return Map.groupBy(spaces, ({ flatView }) => flatView)
}

function topOf(region: MemoryRegion): MemoryRegion {
  return region.container === undefined ? region : topOf(region.container)
}
