import { LAST_FRAME, PAGE_SIZE, splitAddress } from '../address/page-frame.ts'
import { LAST_ADDRESS } from '../address/units.ts'
import type { FlatRange } from './flat-range.ts'
import { collect, collectAll, type FlatNode, floorOf, higherThan, spliceTree } from './flat-tree.ts'

/** Patches from which on a view is made anew, where it has at most {@link FEW_FOR_EACH} ranges for each of them. */
const MANY = 32
const FEW_FOR_EACH = 8

const NO_RANGES: readonly FlatRange[] = []

/** Ranges that take the place of others in a view. */
export interface ViewPatch {
  /** What goes: neighbours in the view, ascending. */
  readonly before: readonly FlatRange[]
  /** What comes there, ascending; never empty together with `before`. */
  readonly after: readonly FlatRange[]
}

/**
 * An address space as disjoint ranges in ascending order; spaces that show the same region share one.
 *
 * Never changes: a view that differs is another object, which shares with this one what is the same. So a view stays good for
 * an access in progress, and whoever remembers something of a view knows by its identity whether it still holds.
 */
export class FlatView {
  #root: FlatNode | undefined
  #ranges: readonly FlatRange[] | undefined

  /** `ranges` are ascending and disjoint. */
  constructor(ranges: readonly FlatRange[]) {
    this.#root = ranges.length === 0 ? undefined : spliceTree(undefined, 0n, LAST_ADDRESS, ranges)
  }

  /** All of them, as a list that is made when first asked for: what follows a change of the map better asks for a part. */
  get ranges(): readonly FlatRange[] {
    if (this.#ranges === undefined) {
      const ranges: FlatRange[] = []
      collectAll(this.#root, ranges)
      this.#ranges = ranges
    }
    return this.#ranges
  }

  /** The range that has an address. */
  find(address: bigint): FlatRange | undefined {
    const { frame, offset } = splitAddress(address)
    return this.lookup(frame, offset)
  }

  /** As {@link find}, of byte `offset` in page `frame`. O(log n) */
  lookup(frame: number, offset: number): FlatRange | undefined {
    const range = floorOf(this.#root, frame, offset)
    if (range === undefined) return undefined
    const { lastFrame, lastByte } = range
    return lastFrame < frame || (lastFrame === frame && lastByte < offset) ? undefined : range
  }

  /** The range that has an address, or else the next one. O(log n) */
  firstFrom(address: bigint): FlatRange | undefined {
    const { frame, offset } = splitAddress(address)
    return this.lookup(frame, offset) ?? higherThan(this.#root, frame, offset)
  }

  /** The ranges that meet `first` to `last`, ascending. O(log n) and what it gives. */
  between(first: bigint, last: bigint): FlatRange[] {
    const ranges: FlatRange[] = []
    collect(this.#root, first, last, ranges)
    return ranges
  }

  /** Bytes from an address outside all ranges to the next range, or to the end of the space; exact below 2^53. */
  bytesToNext(frame: number, offset: number): number {
    const next = higherThan(this.#root, frame, offset)
    if (next === undefined) return (LAST_FRAME - frame + 1) * PAGE_SIZE - offset
    return (next.startFrame - frame) * PAGE_SIZE + next.startByte - offset
  }

  /** The view with patches made, which are ascending and lie apart; itself where there are none. O(log n) for each, and what they change. */
  patched(patches: readonly ViewPatch[]): FlatView {
    if (patches.length === 0) return this
    if (patches.length >= MANY && patches.length * FEW_FOR_EACH >= (this.#root?.count ?? 0)) {
      return new FlatView(merged(this.ranges, patches))
    }
    let root = this.#root
    for (const { before, after } of patches) {
      const first = lesser(before[0], after[0])?.start ?? 0n
      const old = before.at(-1)?.last ?? 0n
      const fresh = after.at(-1)?.last ?? 0n
      root = spliceTree(root, first, old > fresh ? old : fresh, after)
    }
    const view = new FlatView(NO_RANGES)
    view.#root = root
    return view
  }
}

/** A list of ranges with patches made. */
function merged(ranges: readonly FlatRange[], patches: readonly ViewPatch[]): FlatRange[] {
  const all: FlatRange[] = []
  let at = 0
  for (const { before, after } of patches) {
    const { start } = (before[0] ?? after[0]) as FlatRange
    for (; at < ranges.length && (ranges[at] as FlatRange).start < start; at++) all.push(ranges[at] as FlatRange)
    at += before.length
    for (const range of after) all.push(range)
  }
  for (; at < ranges.length; at++) all.push(ranges[at] as FlatRange)
  return all
}

/** The one that starts first, of those that are there. */
function lesser(one: FlatRange | undefined, other: FlatRange | undefined): FlatRange | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return other.start < one.start ? other : one
}

/** The view of a space in which nothing is seen. */
export const EMPTY_VIEW: FlatView = new FlatView([])
