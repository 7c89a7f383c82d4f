import type { Range } from '../address/range.ts'
import type { MemoryRegion } from './memory-region.ts'

/**
 * Carries a window of `region` in which something may have changed to every view that shows it: up through containers, and
 * through every alias. What a disabled region hides stays where it is; when it was hidden or shown, all of it was touched.
 */
export function spread(region: MemoryRegion, { start, last }: Range): void {
  region.view?.touch(start, last)
  const { container } = region
  if (container?.enabled) climb(container, start + region.address, last + region.address)
  for (const alias of region.aliases) {
    if (alias.enabled) climb(alias, start - alias.targetOffset, last - alias.targetOffset)
  }
}

/** Goes on with what of a window lies in a region. */
function climb(region: MemoryRegion, start: bigint, last: bigint): void {
  const first = start < 0n ? 0n : start
  const end = last < region.size ? last : region.size - 1n
  if (first <= end) spread(region, { start: first, last: end })
}
