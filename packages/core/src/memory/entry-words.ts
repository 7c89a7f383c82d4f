import { PAGE_SHIFT } from '../address/page-frame.ts'
import type { AddressSpace } from './address-space.ts'

/** No words; one object for everybody, so that whoever reads words always has some. */
export const NO_WORDS: Int32Array = new Int32Array(0)

/** log2 of the size of the largest page whose entries can be looked at: an offset in it is a small integer. */
const MAX_PAGE_SHIFT = 31

/**
 * A translator's entries as they lie in memory, for accesses that look there themselves instead of asking it.
 *
 * Two words an entry, the lower one first: `target page | ignored bits | permission`, with a {@link Permission} in bits 1..0. The
 * first entry is that of the region's first page. Where an entry permits nothing, or is not there, the translator is asked.
 */
export class EntryWords {
  /** Where the entries lead to. */
  readonly target: AddressSpace
  /** log2 of the size in bytes of a page, 12 to 31. */
  readonly pageShift: number
  /** All entries that can be looked at, now; whose entries they are keeps this up to date. */
  words: Int32Array = NO_WORDS

  constructor(target: AddressSpace, pageShift: number) {
    this.target = target
    this.pageShift = pageShift
  }

  /** Whether entries of this size can be looked at. */
  static canShow(pageShift: number): boolean {
    return pageShift >= PAGE_SHIFT && pageShift <= MAX_PAGE_SHIFT
  }
}
