/** Children of a heap's node: four neighbouring times are one half of a cache line. */
const ARITY = 4

/**
 * A 4-ary heap of slots in typed arrays, ordered by (time, rank, sequence).
 *
 * A slot is a handle: it stays the same while its entry moves through the heap. Times lie in heap order with
 * `Infinity` behind the last one, so that a group of four children is compared without looking at the heap's end; rank and
 * sequence lie by slot and are read only where times are equal. Insert, remove and change cost O(log n).
 */
export class EventHeap {
  #capacity = 64
  #times = new Float64Array(this.#capacity + ARITY).fill(Number.POSITIVE_INFINITY)
  /** Every slot once: those of the entries, and behind them the free ones. */
  #slots = countUp(this.#capacity)
  #positions = new Int32Array(this.#capacity)
  #ranks = new Int32Array(this.#capacity)
  #sequences = new Float64Array(this.#capacity)
  /** Places in use, the vacant one included. */
  #count = 0
  /**
   * The first entry was taken and its place is still open: an insertion that follows, as when an event schedules itself
   * again, falls into it instead of closing the gap first and rising from the end after.
   */
  #vacant = false

  get size(): number {
    return this.#vacant ? this.#count - 1 : this.#count
  }

  /** The earliest time, `Infinity` when the heap is empty. */
  get earliest(): number {
    if (this.#vacant) this.#close()
    return this.#times[0] as number
  }

  /** The slot that comes first, of a heap that is not empty. */
  get first(): number {
    if (this.#vacant) this.#close()
    return this.#slots[0] as number
  }

  timeOf(slot: number): number {
    if (this.#vacant) this.#close()
    return this.#times[this.#positions[slot] as number] as number
  }

  sequenceOf(slot: number): number {
    return this.#sequences[slot] as number
  }

  /** Takes the first entry out of a heap that is not empty; returns its slot, which is free then. */
  takeFirst(): number {
    if (this.#vacant) this.#close()
    this.#vacant = true
    return this.#slots[0] as number
  }

  /** Inserts an entry; returns its slot, which is below the largest number of entries there ever were. */
  insert(time: number, rank: number, sequence: number): number {
    let slot: number
    let hole: number
    if (this.#vacant) {
      this.#vacant = false
      slot = this.#slots[0] as number
      hole = this.#dig(0)
    } else {
      if (this.#count === this.#capacity) this.#grow()
      hole = this.#count++
      slot = this.#slots[hole] as number
    }
    this.#ranks[slot] = rank
    this.#sequences[slot] = sequence
    this.#rise(hole, time, slot)
    return slot
  }

  /** Takes an entry out; its slot is free then. */
  remove(slot: number): void {
    if (this.#vacant) this.#close()
    this.#removeAt(this.#positions[slot] as number)
  }

  /** Gives an entry another time and sequence. */
  change(slot: number, time: number, sequence: number): void {
    if (this.#vacant) this.#close()
    this.#sequences[slot] = sequence
    this.#rise(this.#dig(this.#positions[slot] as number), time, slot)
  }

  /** The slots of all entries, in no useful order; to be read before the heap changes. */
  slots(): Int32Array {
    if (this.#vacant) this.#close()
    return this.#slots.subarray(0, this.#count)
  }

  #close(): void {
    this.#vacant = false
    this.#removeAt(0)
  }

  /** The hole falls to a leaf; the last entry, which belongs near the leaves, rises from there. */
  #removeAt(position: number): void {
    const freed = this.#slots[position] as number
    const end = --this.#count
    const time = this.#times[end] as number
    const moved = this.#slots[end] as number
    this.#times[end] = Number.POSITIVE_INFINITY
    if (position !== end) this.#rise(this.#dig(position), time, moved)
    this.#slots[end] = freed
  }

  /** Lets the hole at `position` fall to a leaf, the first child moving up into it each time; returns the leaf. */
  #dig(position: number): number {
    const times = this.#times
    const slots = this.#slots
    const positions = this.#positions
    const count = this.#count
    let hole = position
    for (let child = ARITY * hole + 1; child < count; child = ARITY * hole + 1) {
      // Which child is first is as good as random: calculated, because a branch would be mispredicted every other time.
      const t0 = times[child] as number
      const t1 = times[child + 1] as number
      const t2 = times[child + 2] as number
      const t3 = times[child + 3] as number
      const low = child + Number(t1 < t0)
      const high = child + 2 + Number(t3 < t2)
      const lowTime = times[low] as number
      const highTime = times[high] as number
      // No call inside the loop, so that the arrays stay in registers.
      if (t0 === t1 || t2 === t3 || lowTime === highTime) return this.#digAmongEquals(hole)
      const best = low ^ ((low ^ high) & -Number(highTime < lowTime))
      const slot = slots[best] as number
      times[hole] = times[best] as number
      slots[hole] = slot
      positions[slot] = hole
      hole = best
    }
    return hole
  }

  #digAmongEquals(position: number): number {
    let hole = position
    for (let child = ARITY * hole + 1; child < this.#count; child = ARITY * hole + 1) {
      const end = Math.min(child + ARITY, this.#count)
      let best = child
      for (let at = child + 1; at < end; at++) {
        if (this.#before(this.#times[at] as number, this.#slots[at] as number, best)) best = at
      }
      const slot = this.#slots[best] as number
      this.#times[hole] = this.#times[best] as number
      this.#slots[hole] = slot
      this.#positions[slot] = hole
      hole = best
    }
    return hole
  }

  /** Puts an entry into the hole at `position`, after letting the hole rise to where the entry belongs. */
  #rise(position: number, time: number, slot: number): void {
    const times = this.#times
    const slots = this.#slots
    const positions = this.#positions
    let hole = position
    while (hole > 0) {
      const parent = (hole - 1) >> 2
      if (!this.#before(time, slot, parent)) break
      const moved = slots[parent] as number
      times[hole] = times[parent] as number
      slots[hole] = moved
      positions[moved] = hole
      hole = parent
    }
    times[hole] = time
    slots[hole] = slot
    positions[slot] = hole
  }

  /** Whether an entry comes before the one at `position`. */
  #before(time: number, slot: number, position: number): boolean {
    const other = this.#times[position] as number
    if (time !== other) return time < other
    const otherSlot = this.#slots[position] as number
    const rank = this.#ranks[slot] as number
    const otherRank = this.#ranks[otherSlot] as number
    return rank !== otherRank
      ? rank < otherRank
      : (this.#sequences[slot] as number) < (this.#sequences[otherSlot] as number)
  }

  #grow(): void {
    const capacity = 2 * this.#capacity
    this.#times = copied(this.#times, new Float64Array(capacity + ARITY).fill(Number.POSITIVE_INFINITY))
    this.#sequences = copied(this.#sequences, new Float64Array(capacity))
    this.#slots = copied(this.#slots, countUp(capacity))
    this.#positions = copied(this.#positions, new Int32Array(capacity))
    this.#ranks = copied(this.#ranks, new Int32Array(capacity))
    this.#capacity = capacity
  }
}

function copied<A extends Float64Array | Int32Array>(from: A, to: A): A {
  to.set(from)
  return to
}

function countUp(length: number): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length }, (_, index) => index)
}
