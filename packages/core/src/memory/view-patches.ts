import type { Range } from '../address/range.ts'
import { LAST_ADDRESS } from '../address/units.ts'
import { FlatRange } from './flat-range.ts'
import type { FlatView, ViewPatch } from './flat-view.ts'
import type { MemoryRegion } from './memory-region.ts'
import { renderWindow } from './render.ts'
import { Windows } from './windows.ts'

/**
 * Renders `root` anew in windows, which are ascending and apart, and says where the result differs from a view of it. At the
 * seams ranges are joined with their neighbours (FV-6).
 */
export function patchesOf(view: FlatView, root: MemoryRegion, windows: readonly Range[]): readonly ViewPatch[] {
  const seams = new Seams(view)
  const [only] = windows
  if (only !== undefined && windows.length === 1) {
    const { start, last } = only
    const there = around(view, start, last)
    if (!there.some(({ unmergeable }) => unmergeable)) {
      seams.put(start, last, renderWindow(root, start, last), there)
      return seams.finish()
    }
  }
  for (const { start, last } of withNeighbours(view, windows)) seams.put(start, last, renderWindow(root, start, last))
  return seams.finish()
}

/**
 * Windows widened by the unmergeable ranges that they touch: a part of one could not be joined with the rest again. Unlike
 * others, whether two such neighbours are one piece cannot be told from themselves.
 */
function withNeighbours(view: FlatView, windows: readonly Range[]): readonly Range[] {
  const widened = new Windows()
  for (const { start, last } of windows) {
    const left = start > 0n ? view.find(start - 1n) : undefined
    const right = last < LAST_ADDRESS ? view.find(last + 1n) : undefined
    widened.add(left?.unmergeable ? left.start : start, right?.unmergeable ? right.last : last)
  }
  return widened.take()
}

/** Sews rendered windows into a view. */
class Seams {
  readonly #view: FlatView
  readonly #patches: ViewPatch[] = []
  /** Of the patch being made: the ranges of the view that it replaces, and by what. */
  #before: FlatRange[] = []
  #after: FlatRange[] = []
  /** The first address behind the last window, and the range of the view that has it. */
  #behind = 0n
  #open: FlatRange | undefined

  constructor(view: FlatView) {
    this.#view = view
  }

  /** `there` is what of the view meets the window or adjoins it. */
  put(start: bigint, last: bigint, ranges: readonly FlatRange[], there = around(this.#view, start, last)): void {
    const goesOn = this.#open !== undefined && start <= this.#open.last + 1n
    if (!goesOn) this.#close()
    const latest = this.#before.at(-1)
    for (const range of there) if (latest === undefined || range.start > latest.start) this.#before.push(range)

    const left = there[0]
    if (left !== undefined && left.start < start) {
      const begin = goesOn && left.start < this.#behind ? this.#behind : left.start
      this.#append(part(left, begin, left.last < start ? left.last : start - 1n))
    }
    for (const range of ranges) this.#append(range)
    this.#behind = last + 1n
    const right = this.#before.at(-1)
    this.#open = right !== undefined && right.last > last ? right : undefined
  }

  finish(): readonly ViewPatch[] {
    this.#close()
    return this.#patches
  }

  #append(range: FlatRange): void {
    const previous = this.#after.at(-1)
    if (previous?.continuesIn(range)) {
      const { region, start, offset } = previous
      this.#after[this.#after.length - 1] = new FlatRange(region, start, range.last, offset, range)
    } else {
      this.#after.push(range)
    }
  }

  #close(): void {
    const open = this.#open
    if (open !== undefined) this.#append(part(open, open.start < this.#behind ? this.#behind : open.start, open.last))
    const patch = difference(this.#before, this.#after)
    if (patch !== undefined) this.#patches.push(patch)
    this.#before = []
    this.#after = []
    this.#open = undefined
  }
}

/** The ranges of a view that meet a window or adjoin it, ascending. */
function around(view: FlatView, start: bigint, last: bigint): readonly FlatRange[] {
  return view.between(start > 0n ? start - 1n : 0n, last < LAST_ADDRESS ? last + 1n : last)
}

/** The part of a range from `start` to `last`. */
function part(range: FlatRange, start: bigint, last: bigint): FlatRange {
  if (start === range.start && last === range.last) return range
  return new FlatRange(range.region, start, last, range.offset + start - range.start, range)
}

/** What two lists do not have in common at their ends; in `after`, what is as before is the object from `before`. */
function difference(before: readonly FlatRange[], after: FlatRange[]): ViewPatch | undefined {
  let at = 0
  for (let i = 0; i < after.length; i++) {
    const fresh = after[i] as FlatRange
    while (at < before.length && (before[at] as FlatRange).start < fresh.start) at++
    const old = before[at]
    if (old?.equals(fresh) && old.dirtyMask === fresh.dirtyMask) after[i] = old
  }
  let begin = 0
  while (begin < before.length && before[begin] === after[begin]) begin++
  if (begin === before.length && begin === after.length) return undefined
  let end = 0
  const least = Math.min(before.length, after.length) - begin
  while (end < least && before[before.length - 1 - end] === after[after.length - 1 - end]) end++
  return { before: before.slice(begin, before.length - end), after: after.slice(begin, after.length - end) }
}
