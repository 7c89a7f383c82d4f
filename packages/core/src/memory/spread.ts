import type { Range } from '../address/range.ts'
import type { MemoryRegion } from './memory-region.ts'

/**
 * Carries a window of `region` in which something may have changed to every view that shows it: up through containers, and
 * through every alias above which a view may be. What a disabled region hides stays where it is; when it was hidden or shown,
 * all of it was touched.
 *
 * Says whether there may be a view; aliases above which there is none are left out from then on.
 */
export function spread(region: MemoryRegion, { start, last }: Range): boolean {
  const { view, container } = region
  let mayBeSeen = view !== undefined
  view?.touch(start, last)
  if (container !== undefined) mayBeSeen = climb(container, start + region.address, last + region.address) || mayBeSeen
  const sight = region.sightIfAny
  if (sight === undefined) return mayBeSeen
  for (const alias of sight.awake) {
    if (climb(alias, start - alias.targetOffset, last - alias.targetOffset)) mayBeSeen = true
    else sight.rest(alias)
  }
  return mayBeSeen
}

/** Goes on with what of a window lies in a region. */
function climb(region: MemoryRegion, start: bigint, last: bigint): boolean {
  const first = start < 0n ? 0n : start
  const end = last < region.size ? last : region.size - 1n
  return !region.enabled || first > end || spread(region, { start: first, last: end })
}
