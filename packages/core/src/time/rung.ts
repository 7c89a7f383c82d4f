import type { InstantHeap } from './instant-heap.ts'

/** Below which there is no rank. */
export const LEAST_RANK: number = -(2 ** 31)

/** A stretch of time cut into buckets of one width; the lists of its buckets are every second number from `base` on. */
export class Rung {
  /** Times from here on, up to where the rung above begins, belong here. */
  from = 0
  /** Where its first bucket begins. */
  start = 0
  /** Ticks of a bucket, a power of two. */
  width = 1
  /** Buckets per tick. */
  scale = 1
  base = 1
  /** The first bucket that may hold something. */
  current = 0
  /** The last bucket, which takes all that comes later too. */
  last = 0
  /** Whether it is one instant only: then its one list is sorted, and what came out of order is in a heap beside it. */
  instant = false
  heap: InstantHeap | undefined = undefined
  /** Rank and sequence number of an instant's entry that was appended last: none comes after it that is not in the list. */
  rank: number = LEAST_RANK
  sequence: number = Number.NEGATIVE_INFINITY

  /** Behind the list of its last bucket. */
  get end(): number {
    return this.base + 2 * this.last + 2
  }

  /** The list that a time belongs to. */
  listOf(time: number): number {
    const at = (time - this.start) * this.scale
    return this.base + ((at < this.last ? at : this.last) << 1)
  }
}
