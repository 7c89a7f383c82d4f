import type { Range } from '../address/range.ts'
import { LAST_ADDRESS } from '../address/units.ts'
import type { AddressSpace } from './address-space.ts'
import type { FlatRange } from './flat-range.ts'
import type { MemoryRegion } from './memory-region.ts'
import { checkAddress, checkSize } from './region-checks.ts'

/** What a space shows of a part of a region. */
export interface FoundSection extends Range {
  readonly space: AddressSpace
  /** The whole range; {@link Range.start} and {@link Range.last} are what of it was asked for. */
  readonly range: FlatRange
  /** The offset in the range's region that the first address shows. */
  readonly offset: bigint
}

/**
 * The first range that meets `size` bytes from `offset` in `region` on, cut to them, in the space whose root is the topmost
 * container of `region`; `undefined` where nothing is seen there, or no space has that root (LR-7). Whoever keeps it
 * retains its region.
 *
 * @throws HostbridgeError `memory.address`, `memory.size`.
 */
export function findSection(region: MemoryRegion, offset: bigint, size: bigint): FoundSection | undefined {
  checkAddress(region.name, 'as an offset', offset)
  checkSize(region.name, size)
  let root = region
  let start = offset + region.address
  while (root.container !== undefined) {
    root = root.container
    start += root.address
  }
  const [space] = root.path?.spaces ?? []
  if (space === undefined || start > LAST_ADDRESS) return undefined
  const end = start + size - 1n
  const last = end < LAST_ADDRESS ? end : LAST_ADDRESS
  const range = space.flatView.firstFrom(start)
  if (range === undefined || range.start > last) return undefined
  const first = range.start > start ? range.start : start
  return {
    space,
    range,
    start: first,
    last: range.last < last ? range.last : last,
    offset: range.offset + first - range.start,
  }
}

/** Whether something else than `container` itself is seen at an offset in it (LR-7). */
export function isPresent(container: MemoryRegion, offset: bigint): boolean {
  const found = findSection(container, offset, 1n)
  return found !== undefined && found.range.region !== container
}
