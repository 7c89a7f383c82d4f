import { intersect, type Range } from '../address/range.ts'
import type { MemoryRegion } from './memory-region.ts'

/** A stretch of an address space that shows a part of a region; a `FlatRange` is one. */
export interface RamSection extends Range {
  readonly region: MemoryRegion
  /** The offset in `region` that `start` shows. */
  readonly offset: bigint
  readonly readonly: boolean
}

/** The offsets in its region that a section shows. */
export function offsetsOf(section: RamSection): Range {
  return { start: section.offset, last: section.offset + section.last - section.start }
}

/**
 * The part of a section that shows `offsets` of its region: address and offset move by the same amount (RD-3). `undefined`
 * where it shows none of them.
 */
export function cutSection(section: RamSection, offsets: Range): RamSection | undefined {
  const shown = intersect(offsetsOf(section), offsets)
  if (shown === undefined) return undefined
  const toAddress = section.start - section.offset
  return {
    region: section.region,
    start: shown.start + toAddress,
    last: shown.last + toAddress,
    offset: shown.start,
    readonly: section.readonly,
  }
}
