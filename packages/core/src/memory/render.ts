import { LAST_ADDRESS } from '../address/units.ts'
import { FlatRange } from './flat-range.ts'
import { FlatView } from './flat-view.ts'
import type { MemoryRegion } from './memory-region.ts'
import { RomDeviceRegion } from './rom-device-region.ts'

/**
 * Renders the tree below `root` as a flat view: the region rendered first wins, and regions are rendered in the order of
 * their container's list, children before the region that holds them (section 1.4).
 *
 * Positions are `bigint`: an alias may put its target's beginning far below 0 (FV-2).
 */
export function render(root: MemoryRegion): FlatView {
  const drawing = new Drawing()
  drawing.draw(root, 0n, 0n, LAST_ADDRESS, NOTHING_INHERITED)
  return new FlatView(merge(drawing.ranges))
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

/** Up to so many ranges are handed over as arguments. */
const FEW = 64

class Drawing {
  /** Ascending and disjoint. */
  ranges: FlatRange[] = []

  /** Draws `region`, whose container begins at `base`, where it lies in `first` to `last` and nothing has been drawn yet. */
  draw(region: MemoryRegion, base: bigint, first: bigint, last: bigint, above: Inherited): void {
    if (!region.enabled) return
    const start = base + region.address
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
    for (const child of region.children) this.draw(child, start, low, high, inherited)
    if (region.terminates) this.#fill(region, start, low, high, inherited)
  }

  /** Puts ranges of `region` into what is uncovered between `low` and `high`. */
  #fill(region: MemoryRegion, start: bigint, low: bigint, high: bigint, inherited: Inherited): void {
    const romMode = region instanceof RomDeviceRegion && region.romMode
    const flags = { ...inherited, romMode, dirtyMask: region.dirtyMask }
    const ranges = this.ranges
    const begin = this.#firstEndingAtOrAfter(low)
    let end = begin
    const pieces: FlatRange[] = []
    let at = low
    for (; end < ranges.length; end++) {
      const there = ranges[end] as FlatRange
      if (there.start > high) break
      if (there.start > at) pieces.push(new FlatRange(region, at, there.start - 1n, at - start, flags))
      pieces.push(there)
      at = there.last + 1n
    }
    if (at <= high) pieces.push(new FlatRange(region, at, high, at - start, flags))
    if (pieces.length <= FEW) ranges.splice(begin, end - begin, ...pieces)
    else this.ranges = ranges.slice(0, begin).concat(pieces, ranges.slice(end))
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

/** Joins neighbours that are one stretch of one region (FV-6). */
function merge(ranges: readonly FlatRange[]): FlatRange[] {
  const merged: FlatRange[] = []
  let previous: FlatRange | undefined
  for (const range of ranges) {
    if (previous?.continuesIn(range)) {
      previous = new FlatRange(range.region, previous.start, range.last, previous.offset, range)
      merged[merged.length - 1] = previous
    } else {
      previous = range
      merged.push(range)
    }
  }
  return merged
}
