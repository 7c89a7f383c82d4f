import {
  BLOCK_ENTRIES,
  BLOCK_SHIFT,
  type EntryFormat,
  entryFormat,
  type LinearSegment,
  type LinearSource,
  segmentCounts,
  segmentWords,
} from './linear-layout.ts'
import { RUN_LANES, type RunCursor, runMeta } from './run.ts'

const RUNS_PER_BATCH = 512

/** What no masked lower word can be: the run is closed and nothing continues it. */
const NOTHING_FOLLOWS = 4

/**
 * Merges the mapped entries of a linear table into runs, on 32-bit words; blocks in which nothing is mapped are skipped.
 *
 * The table may change between two `next()`: what has not been passed yet is seen as it is then.
 */
export class LinearWalker implements RunCursor {
  readonly runs: Float64Array
  readonly #segments: readonly LinearSegment[]
  readonly #format: EntryFormat
  readonly #shift: number
  readonly #firstFrame: number
  readonly #lastFrame: number
  readonly #lastEntry: number
  readonly #batch: number
  #segment = 0
  #words: Int32Array | undefined
  #counts: Uint16Array = new Uint16Array(0)
  /** The entry to look at next. */
  #entry: number
  #count = 0
  /** Whether a run is open, in the slot after the closed ones, and the words that would continue it. A full batch has none. */
  #open = false
  #nextLow = NOTHING_FOLLOWS
  #nextHigh = 0

  /** `firstFrame` to `lastFrame` are walked, both inside, as far as the table reaches; `batch` runs at a time. */
  constructor(source: LinearSource, firstFrame: number, lastFrame: number, batch: number = RUNS_PER_BATCH) {
    this.runs = new Float64Array(batch * RUN_LANES)
    this.#batch = batch
    this.#segments = source.segments
    this.#shift = source.pageShift
    this.#format = entryFormat(source.pageShift)
    this.#firstFrame = Math.max(firstFrame, 0)
    this.#lastFrame = Math.min(lastFrame, source.entries * this.#format.frames - 1)
    this.#entry = Math.floor(this.#firstFrame / this.#format.frames)
    this.#lastEntry = Math.floor(this.#lastFrame / this.#format.frames)
  }

  next(): number {
    this.#count = 0
    while (this.#entry <= this.#lastEntry && this.#count < this.#batch) this.#walkBlock()
    if (this.#entry > this.#lastEntry && this.#count < this.#batch) this.#close(this.#entry)
    cutRuns(this.runs, this.#count, this.#firstFrame, this.#lastFrame)
    return this.#count
  }

  /** Walks to the end of the block around the next entry, or until the batch is full; or skips what does not exist. */
  #walkBlock(): void {
    const segment = this.#segments[this.#segment]
    if (segment === undefined || segment.first > this.#entry) {
      this.#close(this.#entry)
      this.#entry = segment === undefined ? this.#lastEntry + 1 : segment.first
      return
    }
    const ahead = this.#entry - segment.first
    if (ahead >= segment.entries) {
      this.#segment++
      this.#words = undefined
      return
    }
    const words = this.#enter(segment)
    // Inside a segment indices are 32-bit integers, and the compiler is told so: as doubles the loop takes twice as long.
    const at = ahead | 0
    const end = Math.min((at | (BLOCK_ENTRIES - 1)) + 1, this.#lastEntry - segment.first + 1) | 0
    if (this.#counts[at >>> BLOCK_SHIFT] === 0) {
      this.#close(this.#entry)
      this.#entry = segment.first + end
    } else {
      this.#entry = segment.first + this.#merge(words, segment.first, at, end)
    }
  }

  #enter(segment: LinearSegment): Int32Array {
    if (this.#words === undefined) {
      this.#words = segmentWords(segment)
      this.#counts = segmentCounts(segment)
    }
    return this.#words
  }

  /** Merges the entries `from` to `end`, exclusive, of one segment; returns where it stopped because the batch was full. */
  #merge(words: Int32Array, first: number, from: number, end: number): number {
    const { lowMask, highMask, lowStep, highStep, frames } = this.#format
    const shift = this.#shift
    const runs = this.runs
    let count = this.#count
    let open = this.#open
    let nextLow = this.#nextLow
    let nextHigh = this.#nextHigh
    let at = from
    while (at < end) {
      const low = (words[2 * at] as number) & lowMask
      const high = (words[2 * at + 1] as number) & highMask
      const slot = count * RUN_LANES
      if (open && (low !== nextLow || high !== nextHigh)) {
        runs[slot + 1] = (first + at) * frames - (runs[slot] as number)
        open = false
        if (++count === this.#batch) break
        continue
      }
      if (!open) {
        open = (low & 3) !== 0
        if (!open) {
          at++
          continue
        }
        runs[slot] = (first + at) * frames
        runs[slot + 2] = (high >>> 0) * 2 ** 20 + (low >>> 12)
        runs[slot + 3] = runMeta(low & 3, shift)
      }
      // Up to the entry before the lower word overflows, the upper words are equal.
      const overflow = (at + (lowStep === 0 ? 1 : (~low >>> shift) + 1)) | 0
      const stop = overflow < end ? overflow : end
      nextLow = low
      do {
        nextLow = (nextLow + lowStep) | 0
        at++
      } while (
        at < stop &&
        ((words[2 * at] as number) & lowMask) === nextLow &&
        ((words[2 * at + 1] as number) & highMask) === high
      )
      nextHigh = high
      if (at === overflow) {
        const step = lowStep === 0 ? highStep : 1
        nextHigh = (high + step) | 0
        // Past 2^64 no target follows.
        if (nextHigh >>> 0 < step >>> 0) nextLow = NOTHING_FOLLOWS
      }
    }
    this.#count = count
    this.#open = open
    this.#nextLow = nextLow
    this.#nextHigh = nextHigh
    return at
  }

  /** Ends the open run before `entry` and puts it into the batch. */
  #close(entry: number): void {
    if (!this.#open) return
    const slot = this.#count++ * RUN_LANES
    this.runs[slot + 1] = entry * this.#format.frames - (this.runs[slot] as number)
    this.#open = false
  }
}

/**
 * Cuts the first and the last of `count` runs to `firstFrame` and `lastFrame`: a range may begin and end inside entries.
 */
export function cutRuns(runs: Float64Array, count: number, firstFrame: number, lastFrame: number): void {
  if (count === 0) return
  const before = firstFrame - (runs[0] as number)
  if (before > 0) {
    runs[0] = firstFrame
    runs[1] = (runs[1] as number) - before
    runs[2] = (runs[2] as number) + before
  }
  const last = (count - 1) * RUN_LANES
  runs[last + 1] = Math.min(runs[last + 1] as number, lastFrame + 1 - (runs[last] as number))
}
