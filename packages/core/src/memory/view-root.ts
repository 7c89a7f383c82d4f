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
  for (;;) {
    const next = viewStep(region)
    if (next === undefined || next === region) return next
    region = next
  }
}

/** Where that descent goes on from a region: to another, or nowhere, or it ends with this one. */
export function viewStep(region: MemoryRegion): MemoryRegion | undefined {
  if (!region.enabled) return undefined
  const { target } = region
  if (target !== undefined) return region.targetOffset !== 0n || region.size < target.size ? region : target
  if (region.terminates) return region
  const only = region.topmostChild
  if (only === undefined) return undefined
  return region.enabledCount > 1 || only.address !== 0n || region.size < only.size ? region : only
}
