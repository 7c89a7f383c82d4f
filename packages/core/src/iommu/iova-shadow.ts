import type { Range } from '../address/index.ts'
import type { IovaMapping, IovaTarget, IovaTree } from './iova-tree.ts'

/** What a shadow of a guest's page table has to announce for a change, so that its followers see each change once (VT-7). */
export type ShadowChange =
  /** Nothing: they know it already. */
  | { readonly announce: 'nothing' }
  | { readonly announce: 'map' }
  /** The old mappings are gone first: one unmap of the changed range. */
  | { readonly announce: 'unmap-map'; readonly gone: readonly IovaMapping[] }
  | { readonly announce: 'unmap'; readonly gone: readonly IovaMapping[] }

const NOTHING: ShadowChange = { announce: 'nothing' }

/**
 * Notes in `tree` that a walk has found a mapping: an identical one is not announced again, another one in its place is
 * announced as gone first, and every mapping that it touches is forgotten (VT-7).
 */
export function noteMapped(tree: IovaTree, range: Range, target: IovaTarget): ShadowChange {
  const known = tree.find(range)
  if (known === undefined) {
    tree.insert(range, target)
    return { announce: 'map' }
  }
  const isSame =
    known.start === range.start &&
    known.last === range.last &&
    known.value.translatedAddress === target.translatedAddress &&
    known.value.permission === target.permission
  if (isSame) return NOTHING
  const gone = tree.remove(range)
  tree.insert(range, target)
  return { announce: 'unmap-map', gone }
}

/** Notes in `tree` that a walk has found nothing in a range: that is announced only where something was (VT-7). */
export function noteUnmapped(tree: IovaTree, range: Range): ShadowChange {
  const gone = tree.remove(range)
  return gone.length === 0 ? NOTHING : { announce: 'unmap', gone }
}
