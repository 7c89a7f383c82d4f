import { cutRuns, type LinearSource, LinearWalker, type RunCursor } from '@hostbridge/core/iommu'
import type { KernelLane } from './kernel-lane.ts'

/**
 * Entries of one call: a fraction of a millisecond, so that V8 replaces the kernel's first, slow code between two calls; it
 * cannot do so inside a loop.
 */
const ENTRIES_PER_CALL = 2 ** 17

/** Walks a linear table with the scan kernel: the same runs as `LinearWalker`, its stand-in and its oracle. */
export class KernelCursor implements RunCursor {
  readonly #lane: KernelLane
  readonly #source: LinearSource
  readonly #firstFrame: number
  readonly #lastFrame: number
  readonly #frames: number
  readonly #lastEntry: number
  #release: (() => void) | undefined
  #segment = 0
  #entry: number
  /** Walks the rest, after runs that pass the end of the target space: no guest maps that, and the kernel merges it. */
  #rest: RunCursor | undefined

  /** `release` is called when the walk has come to its end and needs the lane no more. */
  constructor(lane: KernelLane, source: LinearSource, firstFrame: number, lastFrame: number, release: () => void) {
    this.#lane = lane
    this.#source = source
    this.#release = release
    this.#frames = 2 ** (source.pageShift - 12)
    this.#firstFrame = Math.max(firstFrame, 0)
    this.#lastFrame = Math.min(lastFrame, source.entries * this.#frames - 1)
    this.#entry = Math.floor(this.#firstFrame / this.#frames)
    this.#lastEntry = Math.floor(this.#lastFrame / this.#frames)
    lane.buffer.begin(source.pageShift)
  }

  get runs(): Float64Array {
    return this.#rest?.runs ?? this.#lane.buffer.runs
  }

  next(): number {
    if (this.#rest !== undefined) return this.#rest.next()
    if (this.#release === undefined) return 0
    const { buffer } = this.#lane
    buffer.turn()
    const begin = buffer.isOpen ? buffer.openFrame : this.#entry * this.#frames
    while (this.#entry <= this.#lastEntry) if (!this.#scan()) break
    if (this.#entry > this.#lastEntry) buffer.close(this.#entry * this.#frames)
    if (buffer.isWrapped) {
      this.#end()
      this.#rest = new LinearWalker(this.#source, Math.max(begin, this.#firstFrame), this.#lastFrame)
      return this.#rest.next()
    }
    const { count } = buffer
    cutRuns(buffer.runs, count, this.#firstFrame, this.#lastFrame)
    if (count === 0) this.#end()
    return count
  }

  /** Goes on in the segment at hand, or to the next one; false when the batch is full. */
  #scan(): boolean {
    const { buffer } = this.#lane
    const segment = this.#source.segments[this.#segment]
    if (segment === undefined || segment.first > this.#entry) {
      buffer.close(this.#entry * this.#frames)
      this.#entry = Math.min(segment?.first ?? Infinity, this.#lastEntry + 1)
      return true
    }
    const { first, entries } = segment
    if (this.#entry >= first + entries) {
      this.#segment++
      return true
    }
    const end = Math.min(this.#entry + ENTRIES_PER_CALL, first + entries, this.#lastEntry + 1)
    buffer.enter(first * this.#frames, entries)
    this.#entry = first + this.#lane.on(segment.memory).scan(this.#entry - first, end - first)
    return this.#entry === end
  }

  #end(): void {
    this.#release?.()
    this.#release = undefined
  }
}
