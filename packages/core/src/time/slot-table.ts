/** 64-bit floats of a slot: half a cache line, so that one miss brings all there is to know about an entry. */
const SLOT_FLOATS = 4

/**
 * Where a slot's numbers are. Who reads them on the way of an event takes them into constants of its own file first: V8 puts
 * those into the code as numbers, and those of another file it looks up at each use.
 */
export const ROW = {
  /** In 64-bit floats; the time is the first. */
  sequence: 1,
  /** In 32-bit words. */
  rank: 4,
  /** The next slot of the same list, -1 behind the last one; for what is in no list, its place in whatever it is in. */
  next: 5,
  /** The slot before it in the same list, -1 before the first one. */
  previous: 6,
  /** The list that the slot is in, or what its owner says by a negative number. */
  list: 7,
} as const

const { sequence: SEQUENCE, rank: RANK, next: NEXT, previous: PREVIOUS, list: LIST } = ROW

/**
 * Slots of entries, each a row of numbers, and doubly linked lists of them: a slot is in one list at a time, and is appended
 * and taken out in constant time. Floats and words are two views of the same bytes: a slot's floats begin at `slot << 2`, its
 * words at `slot << 3`.
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

  /** Slots that there is memory for. */
  get capacity(): number {
    return this.#capacity
  }

  /** Whether the next slot that is taken makes the table grow. */
  get full(): boolean {
    return this.#firstFree < 0 && this.#used === this.#capacity
  }

  /** Takes a free slot, the one that was released last; numbers stay below the most slots that were taken at a time. */
  take(): number {
    const slot = this.#firstFree
    if (slot >= 0) {
      this.#firstFree = this.words[(slot << 3) + NEXT] as number
      return slot
    }
    if (this.#used === this.#capacity) this.grow()
    return this.#used++
  }

  /** Gives a slot back; its numbers stay readable until it is taken again. */
  release(slot: number): void {
    this.words[(slot << 3) + NEXT] = this.#firstFree
    this.#firstFree = slot
  }

  timeOf(slot: number): number {
    return this.floats[slot << 2] as number
  }

  sequenceOf(slot: number): number {
    return this.floats[(slot << 2) + SEQUENCE] as number
  }

  /** Whether the entry of one slot comes before that of another: by time, rank and sequence. */
  before(slot: number, other: number): boolean {
    const { floats, words } = this
    const time = floats[slot << 2] as number
    const otherTime = floats[other << 2] as number
    if (time !== otherTime) return time < otherTime
    const rank = words[(slot << 3) + RANK] as number
    const otherRank = words[(other << 3) + RANK] as number
    if (rank !== otherRank) return rank < otherRank
    return (floats[(slot << 2) + SEQUENCE] as number) < (floats[(other << 2) + SEQUENCE] as number)
  }

  firstOf(list: number): number {
    return this.ends[list << 1] as number
  }

  lastOf(list: number): number {
    return this.ends[(list << 1) + 1] as number
  }

  /** Makes `count` lists from `base` on empty, whatever they held. */
  clearLists(base: number, count: number): void {
    const needed = 2 * (base + count)
    if (needed > this.ends.length) {
      const { ends } = this
      let length = ends.length
      while (length < needed) length *= 2
      this.ends = new Int32Array(length)
      this.ends.set(ends)
    }
    this.ends.fill(-1, 2 * base, needed)
  }

  append(slot: number, list: number): void {
    const { ends, words } = this
    const tail = (list << 1) + 1
    const row = slot << 3
    const last = ends[tail] as number
    words[row + NEXT] = -1
    words[row + PREVIOUS] = last
    words[row + LIST] = list
    ends[tail] = slot
    if (last < 0) ends[tail - 1] = slot
    else words[(last << 3) + NEXT] = slot
  }

  prepend(slot: number, list: number): void {
    const { ends, words } = this
    const head = list << 1
    const row = slot << 3
    const first = ends[head] as number
    words[row + NEXT] = first
    words[row + PREVIOUS] = -1
    words[row + LIST] = list
    ends[head] = slot
    if (first < 0) ends[head + 1] = slot
    else words[(first << 3) + PREVIOUS] = slot
  }

  /** Takes a slot out of the list that it is in. */
  unlink(slot: number): void {
    const { ends, words } = this
    const row = slot << 3
    const head = (words[row + LIST] as number) << 1
    const next = words[row + NEXT] as number
    const previous = words[row + PREVIOUS] as number
    if (previous < 0) ends[head] = next
    else words[(previous << 3) + NEXT] = next
    if (next < 0) ends[head + 1] = previous
    else words[(next << 3) + PREVIOUS] = previous
  }

  /** Empties a list; returns the first slot of its chain, which stays linked. */
  detach(list: number): number {
    const first = this.ends[list << 1] as number
    this.ends[list << 1] = -1
    this.ends[(list << 1) + 1] = -1
    return first
  }

  /** How many slots a chain has, and between which times they lie. */
  extent(chain: number): { readonly count: number; readonly least: number; readonly most: number } {
    const { floats, words } = this
    let count = 0
    let least = Number.POSITIVE_INFINITY
    let most = Number.NEGATIVE_INFINITY
    for (let slot = chain; slot >= 0; slot = words[(slot << 3) + NEXT] as number) {
      const time = floats[slot << 2] as number
      if (time < least) least = time
      if (time > most) most = time
      count++
    }
    return { count, least, most }
  }

  /** Makes room for twice as many slots. */
  grow(): void {
    const { floats } = this
    this.#capacity *= 2
    this.floats = new Float64Array(this.#capacity * SLOT_FLOATS)
    this.floats.set(floats)
    this.words = new Int32Array(this.floats.buffer)
  }
}
