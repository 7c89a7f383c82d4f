import type { Range } from '../address/range.ts'
import type { ChildWalk } from './child-walk.ts'
import { FlatRange } from './flat-range.ts'
import type { MemoryRegion } from './memory-region.ts'
import { RomDeviceRegion } from './rom-device-region.ts'

/** Ranges after which a window is rendered in two parts: each range that is put in moves those behind it. */
const MOST = 256

/**
 * Renders what a window of the tree below `root` shows: the region rendered first wins, and regions are rendered in the order
 * of their container's list, children before the region that holds them (section 1.4). Neighbours are not joined.
 *
 * Visits the regions that meet the window and are not covered, each in O(log n). Positions are `bigint`: an alias may put its
 * target's beginning far below 0 (FV-2).
 *
 * The worst a change can cost is what its window shows: a large region that is moved under n small ones is n gaps, O(n log n);
 * of n regions nested one in the other, moving an outer one renders the rings inside it, 2n ranges. A region that is covered
 * all over costs nothing where its block of the trie is.
 */
export function renderWindow(root: MemoryRegion, start: bigint, last: bigint): FlatRange[] {
  const few = drawn(root, start, last)
  if (few.length <= MOST) return few
  const parts: FlatRange[][] = []
  // Windows still to be rendered, the lowest at the end.
  const windows = halves(start, last, few)
  for (let window = windows.pop(); window !== undefined; window = windows.pop()) {
    const ranges = drawn(root, window.start, window.last)
    if (ranges.length <= MOST) parts.push(ranges)
    else windows.push(...halves(window.start, window.last, ranges))
  }
  return parts.flat()
}

/** What a window shows, or more than {@link MOST} ranges of it. */
function drawn(root: MemoryRegion, start: bigint, last: bigint): FlatRange[] {
  const drawing = new Drawing(last - start + 1n)
  drawing.draw(root, 0n, start, last, NOTHING_INHERITED)
  return drawing.ranges
}

/** The two parts of a window in which too many ranges have been drawn, the lower at the end. */
function halves(start: bigint, last: bigint, ranges: readonly FlatRange[]): Range[] {
  const middle = (ranges[MOST >>> 1] as FlatRange).start
  return [
    { start: middle, last },
    { start, last: middle - 1n },
  ]
}

/** What aliases and containers above hand down (MR-11). */
interface Inherited {
  readonly readonly: boolean
  readonly nonvolatile: boolean
  readonly unmergeable: boolean
}

const NOTHING_INHERITED: Inherited = { readonly: false, nonvolatile: false, unmergeable: false }

/** What `region` hands down of what it inherits and what it is. */
function inherit(above: Inherited, region: MemoryRegion): Inherited {
  const { readonly, nonvolatile, unmergeable } = region
  if (!readonly && !nonvolatile && !unmergeable) return above
  return {
    readonly: above.readonly || readonly,
    nonvolatile: above.nonvolatile || nonvolatile,
    unmergeable: above.unmergeable || unmergeable,
  }
}

class Drawing {
  /** Ascending and disjoint. */
  readonly ranges: FlatRange[] = []
  /** Bytes of the window in which nothing has been drawn. */
  #left: bigint

  constructor(size: bigint) {
    this.#left = size
  }

  /** Draws `region`, whose container begins at `base`, where it lies in `first` to `last` and nothing has been drawn yet. */
  draw(region: MemoryRegion, base: bigint, first: bigint, last: bigint, above: Inherited): void {
    if (!region.enabled) return
    // A sum with nothing would be a number of its own, which the range keeps.
    const start = base === 0n ? region.address : base + region.address
    const end = start + region.size - 1n
    const low = start > first ? start : first
    const high = end < last ? end : last
    if (low > high) return

    const inherited = inherit(above, region)
    const target = region.target
    if (target !== undefined) {
      this.draw(target, start - target.address - region.targetOffset, low, high, inherited)
      return
    }
    if (region.hasChildren) {
      const walk = region.walk(low - start, high - start, (from, to) => this.#covers(start + from, start + to))
      if (walk !== undefined) this.#drawChildren(walk, start, low, high, inherited)
    }
    if (region.terminates) this.#fill(region, start, low, high, inherited)
  }

  #drawChildren(walk: ChildWalk, start: bigint, low: bigint, high: bigint, inherited: Inherited): void {
    while (this.#left > 0n && this.ranges.length <= MOST) {
      const child = walk.next()
      if (child === undefined) return
      this.draw(child, start, low, high, inherited)
    }
  }

  /** Puts ranges of `region` into what is uncovered between `low` and `high`. */
  #fill(region: MemoryRegion, start: bigint, low: bigint, high: bigint, inherited: Inherited): void {
    const { ranges } = this
    const begin = this.#firstEndingAtOrAfter(low)
    const next = ranges[begin]
    if (next === undefined || next.start > high) {
      ranges.splice(begin, 0, this.#piece(region, start, low, high, inherited))
      return
    }
    let end = begin
    const pieces: FlatRange[] = []
    let at = low
    for (; end < ranges.length; end++) {
      const there = ranges[end] as FlatRange
      if (there.start > high) break
      if (there.start > at) pieces.push(this.#piece(region, start, at, there.start - 1n, inherited))
      pieces.push(there)
      at = there.last + 1n
    }
    if (at <= high) pieces.push(this.#piece(region, start, at, high, inherited))
    ranges.splice(begin, end - begin, ...pieces)
  }

  #piece(region: MemoryRegion, start: bigint, first: bigint, last: bigint, inherited: Inherited): FlatRange {
    this.#left -= last - first + 1n
    const { readonly, nonvolatile, unmergeable } = inherited
    const romMode = region instanceof RomDeviceRegion && region.romMode
    const flags = { readonly, romMode, nonvolatile, unmergeable, dirtyMask: region.dirtyMask }
    return new FlatRange(region, first, last, first === start ? 0n : first - start, flags)
  }

  /** Whether the range that reaches `first` or lies behind it covers all of `first` to `last`. */
  #covers(first: bigint, last: bigint): boolean {
    const range = this.ranges[this.#firstEndingAtOrAfter(first)]
    return range !== undefined && range.start <= first && range.last >= last
  }

  #firstEndingAtOrAfter(address: bigint): number {
    let low = 0
    let high = this.ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.ranges[middle] as FlatRange).last < address) low = middle + 1
      else high = middle
    }
    return low
  }
}
