import type { MemoryRegion } from './memory-region.ts'

/**
 * The region whose rendering is the flat view of a space with the given root, or `undefined` where nothing is seen (FV-9).
 *
 * Descends through aliases that show all of their target from its beginning, and through containers whose only enabled child lies
 * at 0 and fits, so that spaces that show the same share one view. What is skipped on the way has no say any more: its
 * read-only flag is lost (FV-10), and it is the reached region's own address that shifts the view (FV-11).
 */
export function viewRoot(root: MemoryRegion): MemoryRegion | undefined {
  let region = root
  while (region.enabled) {
    const target = region.target
    if (target !== undefined) {
      if (region.targetOffset !== 0n || region.size < target.size) return region
      region = target
    } else if (region.terminates) {
      return region
    } else {
      const only = region.topmostChild
      if (only === undefined) return undefined
      if (region.enabledCount > 1 || only.address !== 0n || region.size < only.size) return region
      region = only
    }
  }
  return undefined
}
