import { LAST_FRAME, PAGE_SIZE, splitAddress } from '../address/page-frame.ts'
import type { FlatRange } from './flat-range.ts'

/** log2 of the most pages that a view remembers. */
const MOST_REMEMBERED = 13

/** 2^32 divided by the golden ratio: multiplied by it, page frames that lie far apart fall on different places. */
const SPREAD = 0x9e3779b1

/** An address space as disjoint ranges in ascending order; spaces that show the same region share one. Never changes. */
export class FlatView {
  readonly ranges: readonly FlatRange[]
  readonly #frames: Float64Array
  readonly #bytes: Uint16Array

  /** The range found last, and the first and last page frame that lie in it as a whole. */
  #recent: FlatRange | undefined
  readonly #whole: Float64Array = Float64Array.of(-1, -2)

  // Pages found before, hashed, because a search costs a mispredicted branch at every other step: the frame,
  // the first and the last byte of the page that are in the range, and the range. Made when first needed.
  #pages: Float64Array | undefined
  #shift = 0
  #low: Uint16Array = new Uint16Array(0)
  #high: Uint16Array = new Uint16Array(0)
  #found: FlatRange[] = []

  constructor(ranges: readonly FlatRange[]) {
    this.ranges = ranges
    this.#frames = Float64Array.from(ranges, (range) => range.startFrame)
    this.#bytes = Uint16Array.from(ranges, (range) => range.startByte)
  }

  /** The range that has an address. */
  find(address: bigint): FlatRange | undefined {
    const { frame, offset } = splitAddress(address)
    return this.lookup(frame, offset)
  }

  /** As {@link find}, of byte `offset` in page `frame`. O(1) in a page or a large range that has been found lately, else O(log n). */
  lookup(frame: number, offset: number): FlatRange | undefined {
    const whole = this.#whole
    if (frame >= (whole[0] as number) && frame <= (whole[1] as number)) return this.#recent
    const pages = this.#pages
    if (pages !== undefined) {
      const slot = Math.imul(frame, SPREAD) >>> this.#shift
      const hit =
        pages[slot] === frame && offset >= (this.#low[slot] as number) && offset <= (this.#high[slot] as number)
      if (hit) return this.#found[slot]
    }
    return this.#search(frame, offset)
  }

  /** Bytes from an address outside all ranges to the next range, or to the end of the space; exact below 2^53. */
  bytesToNext(frame: number, offset: number): number {
    const next = this.ranges[this.#indexAfter(frame, offset)]
    if (next === undefined) return (LAST_FRAME - frame + 1) * PAGE_SIZE - offset
    return (next.startFrame - frame) * PAGE_SIZE + next.startByte - offset
  }

  #search(frame: number, offset: number): FlatRange | undefined {
    const range = this.ranges[this.#indexAfter(frame, offset) - 1]
    if (range === undefined) return undefined
    const { startFrame, startByte, lastFrame, lastByte } = range
    if (lastFrame < frame || (lastFrame === frame && lastByte < offset)) return undefined

    this.#recent = range
    this.#whole[0] = startByte === 0 ? startFrame : startFrame + 1
    this.#whole[1] = lastByte === PAGE_SIZE - 1 ? lastFrame : lastFrame - 1
    this.#remember(frame, startFrame === frame ? startByte : 0, lastFrame === frame ? lastByte : PAGE_SIZE - 1, range)
    return range
  }

  #remember(frame: number, low: number, high: number, range: FlatRange): void {
    this.#pages ??= this.#makeRoom()
    const slot = Math.imul(frame, SPREAD) >>> this.#shift
    this.#pages[slot] = frame
    this.#low[slot] = low
    this.#high[slot] = high
    this.#found[slot] = range
  }

  /** Room for a few pages of each range. */
  #makeRoom(): Float64Array {
    let bits = 4
    while (2 ** bits < this.ranges.length * 4 && bits < MOST_REMEMBERED) bits++
    const size = 2 ** bits
    this.#shift = 32 - bits
    this.#low = new Uint16Array(size)
    this.#high = new Uint16Array(size)
    this.#found = new Array<FlatRange>(size).fill(this.ranges[0] as FlatRange)
    return new Float64Array(size).fill(-1)
  }

  /** The index of the first range that starts behind an address; the length where none does. */
  #indexAfter(frame: number, offset: number): number {
    const frames = this.#frames
    let low = 0
    let high = frames.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const start = frames[middle] as number
      if (start < frame || (start === frame && (this.#bytes[middle] as number) <= offset)) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The view of a space in which nothing is seen. */
export const EMPTY_VIEW: FlatView = new FlatView([])
