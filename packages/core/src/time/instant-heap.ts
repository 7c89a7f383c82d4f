import type { SlotTable } from './slot-table.ts'

/**
 * A heap of slots of one instant that came out of order: it keeps a burst of mixed priorities, or of sequence numbers that
 * fall, at O(log n) an entry. Its places are kept in the table's rows.
 */
export class InstantHeap {
  readonly #table: SlotTable
  readonly #slots: number[] = []

  constructor(table: SlotTable) {
    this.#table = table
  }

  get size(): number {
    return this.#slots.length
  }

  /** The slot that comes first, -1 where there is none. */
  get first(): number {
    return this.#slots[0] ?? -1
  }

  get slots(): readonly number[] {
    return this.#slots
  }

  add(slot: number): void {
    this.#rise(this.#slots.length, slot)
  }

  remove(slot: number): void {
    const place = this.#table.links[(slot << 2) + 1] as number
    const last = this.#slots.pop() as number
    if (last !== slot) this.#rise(this.#sink(place), last)
  }

  /** Lets the hole at `place` fall to a leaf, the earlier child moving up each time; returns where it is then. */
  #sink(place: number): number {
    const slots = this.#slots
    let hole = place
    for (let child = 2 * hole + 1; child < slots.length; child = 2 * hole + 1) {
      const other = child + 1
      if (other < slots.length && this.#table.before(slots[other] as number, slots[child] as number)) child = other
      this.#put(hole, slots[child] as number)
      hole = child
    }
    return hole
  }

  #rise(place: number, slot: number): void {
    let hole = place
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      const above = this.#slots[parent] as number
      if (!this.#table.before(slot, above)) break
      this.#put(hole, above)
      hole = parent
    }
    this.#put(hole, slot)
  }

  #put(place: number, slot: number): void {
    this.#slots[place] = slot
    this.#table.links[(slot << 2) + 1] = place
  }
}
