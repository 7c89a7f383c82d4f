import { NEXT, PREVIOUS, RANK, SLOT_WORDS, type SlotTable } from './slot-table.ts'

/**
 * Finds places in the middle of a sorted list of one instant: it knows the last slot of each rank there, so that a burst of
 * mixed priorities stays cheap however long the list is.
 */
export class RankTails {
  readonly #table: SlotTable
  readonly #tails = new Map<number, number>()

  /** Costs a walk of the list. */
  constructor(table: SlotTable, list: number) {
    this.#table = table
    for (let slot = table.first(list); slot >= 0; slot = table.words[slot * SLOT_WORDS + NEXT] as number) {
      this.#tails.set(this.#rankOf(slot), slot)
    }
  }

  /** The slot that comes right before the place of `slot` in the list, -1 where that is the front. Costs O(ranks). */
  before(slot: number): number {
    const { words } = this.#table
    const rank = this.#rankOf(slot)
    let nearest = Number.NEGATIVE_INFINITY
    for (const other of this.#tails.keys()) if (other <= rank && other > nearest) nearest = other
    let previous = this.#tails.get(nearest) ?? -1
    while (previous >= 0 && this.#table.before(slot, previous)) {
      previous = words[previous * SLOT_WORDS + PREVIOUS] as number
    }
    return previous
  }

  /** Is told of a slot that was put into the list. */
  added(slot: number): void {
    const rank = this.#rankOf(slot)
    const tail = this.#tails.get(rank)
    if (tail === undefined || this.#table.before(tail, slot)) this.#tails.set(rank, slot)
  }

  /** Is told of a slot that is about to leave the list. */
  leaves(slot: number): void {
    const rank = this.#rankOf(slot)
    if (this.#tails.get(rank) !== slot) return
    const previous = this.#table.words[slot * SLOT_WORDS + PREVIOUS] as number
    if (previous >= 0 && this.#rankOf(previous) === rank) this.#tails.set(rank, previous)
    else this.#tails.delete(rank)
  }

  #rankOf(slot: number): number {
    return this.#table.words[slot * SLOT_WORDS + RANK] as number
  }
}
