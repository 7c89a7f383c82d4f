/** 32-bit words of a slot: half a cache line, so that one miss brings all there is to know about an entry. */
export const SLOT_WORDS = 8
export const SLOT_FLOATS = 4

/** Offsets in a slot, in 64-bit floats. */
export const TIME = 0
export const SEQUENCE = 1

/** Offsets in a slot, in 32-bit words. */
export const RANK = 4
/** The next slot of the same list, -1 behind the last one. */
export const NEXT = 5
/** The slot before it in the same list, -1 before the first one. */
export const PREVIOUS = 6
/** The list that the slot is in, or what its owner says by a negative number. */
export const BUCKET = 7

/**
 * Slots of entries, each a row of numbers, and doubly linked lists of them: a slot is in one list at a time, and is appended
 * and taken out in constant time. Floats and words are two views of the same bytes.
 */
export class SlotTable {
  floats: Float64Array
  words: Int32Array
  /** The first and the last slot of each list, -1 where it is empty. */
  ends: Int32Array = new Int32Array(256).fill(-1)
  #capacity = 64
  /** Slots that were ever taken. */
  #used = 0
  #firstFree = -1

  constructor() {
    this.floats = new Float64Array(this.#capacity * SLOT_FLOATS)
    this.words = new Int32Array(this.floats.buffer)
  }

  /** Takes a free slot, the one that was released last; numbers stay below the most slots that were taken at a time. */
  take(): number {
    const slot = this.#firstFree
    if (slot >= 0) {
      this.#firstFree = this.words[slot * SLOT_WORDS + NEXT] as number
      return slot
    }
    if (this.#used === this.#capacity) this.#grow()
    return this.#used++
  }

  /** Gives a slot back; its numbers stay readable until it is taken again. */
  release(slot: number): void {
    this.words[slot * SLOT_WORDS + NEXT] = this.#firstFree
    this.#firstFree = slot
  }

  /** Whether the entry of one slot comes before that of another: by time, rank and sequence. */
  before(slot: number, other: number): boolean {
    const { floats, words } = this
    const time = floats[slot * SLOT_FLOATS + TIME] as number
    const otherTime = floats[other * SLOT_FLOATS + TIME] as number
    if (time !== otherTime) return time < otherTime
    const rank = words[slot * SLOT_WORDS + RANK] as number
    const otherRank = words[other * SLOT_WORDS + RANK] as number
    if (rank !== otherRank) return rank < otherRank
    return (floats[slot * SLOT_FLOATS + SEQUENCE] as number) < (floats[other * SLOT_FLOATS + SEQUENCE] as number)
  }

  first(list: number): number {
    return this.ends[2 * list] as number
  }

  last(list: number): number {
    return this.ends[2 * list + 1] as number
  }

  /** Makes `count` lists from `base` on empty, whatever they held. */
  clear(base: number, count: number): void {
    const needed = 2 * (base + count)
    if (needed > this.ends.length) {
      const ends = this.ends
      let length = ends.length
      while (length < needed) length *= 2
      this.ends = new Int32Array(length)
      this.ends.set(ends)
    }
    this.ends.fill(-1, 2 * base, needed)
  }

  append(slot: number, list: number): void {
    const ends = this.ends
    const { words } = this
    const at = slot * SLOT_WORDS
    const last = ends[2 * list + 1] as number
    words[at + NEXT] = -1
    words[at + PREVIOUS] = last
    words[at + BUCKET] = list
    ends[2 * list + 1] = slot
    if (last < 0) ends[2 * list] = slot
    else words[last * SLOT_WORDS + NEXT] = slot
  }

  /** Puts a slot behind another one of a list, or to its front where that is -1. */
  insertAfter(previous: number, slot: number, list: number): void {
    const { words } = this
    const next = previous < 0 ? this.first(list) : (words[previous * SLOT_WORDS + NEXT] as number)
    const at = slot * SLOT_WORDS
    words[at + NEXT] = next
    words[at + PREVIOUS] = previous
    words[at + BUCKET] = list
    if (previous < 0) this.ends[2 * list] = slot
    else words[previous * SLOT_WORDS + NEXT] = slot
    if (next < 0) this.ends[2 * list + 1] = slot
    else words[next * SLOT_WORDS + PREVIOUS] = slot
  }

  /** Takes a slot out of the list that it is in. */
  remove(slot: number): void {
    const { words } = this
    const at = slot * SLOT_WORDS
    const list = words[at + BUCKET] as number
    const next = words[at + NEXT] as number
    const previous = words[at + PREVIOUS] as number
    if (previous < 0) this.ends[2 * list] = next
    else words[previous * SLOT_WORDS + NEXT] = next
    if (next < 0) this.ends[2 * list + 1] = previous
    else words[next * SLOT_WORDS + PREVIOUS] = previous
  }

  /** The first list from `list` to `end` that is not empty, `end` + 1 when there is none. */
  findFull(list: number, end: number): number {
    const ends = this.ends
    let at = list
    while (at <= end && (ends[2 * at] as number) < 0) at++
    return at
  }

  /** Empties a list; returns the first slot of its chain, which stays linked. */
  detach(list: number): number {
    const first = this.ends[2 * list] as number
    this.ends[2 * list] = -1
    this.ends[2 * list + 1] = -1
    return first
  }

  /** How many slots a chain has, and between which times they lie. */
  extent(chain: number): { readonly count: number; readonly least: number; readonly most: number } {
    const { floats, words } = this
    let count = 0
    let least = Number.POSITIVE_INFINITY
    let most = Number.NEGATIVE_INFINITY
    for (let slot = chain; slot >= 0; slot = words[slot * SLOT_WORDS + NEXT] as number) {
      const time = floats[slot * SLOT_FLOATS + TIME] as number
      if (time < least) least = time
      if (time > most) most = time
      count++
    }
    return { count, least, most }
  }

  #grow(): void {
    const { floats } = this
    this.#capacity *= 2
    this.floats = new Float64Array(this.#capacity * SLOT_FLOATS)
    this.floats.set(floats)
    this.words = new Int32Array(this.floats.buffer)
  }
}
