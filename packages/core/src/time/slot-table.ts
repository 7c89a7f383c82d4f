/**
 * Slots of entries, each with a time, a sequence number and a rank, and doubly linked lists of them: a slot is in one list at a
 * time, and is appended and taken out in constant time without a branch, for a list's own links close it to a ring.
 *
 * The numbers of a slot lie in `floats` from `slot << 1` on: time, then sequence. In `links`, slot `s` is node `2 * s` and list
 * `l` is node `2 * l + 1`; a node's next one is at `node << 1`, its previous one behind that. While a slot is in no list, its
 * links are its owner's.
 */
export class SlotTable {
  floats: Float64Array
  links: Int32Array
  readonly ranks: number[] = []
  #capacity = 64
  /** Slots that were ever taken. */
  #used = 0
  #firstFree = -1

  constructor() {
    this.floats = new Float64Array(this.#capacity * 2)
    this.links = new Int32Array(0)
    this.#extend(this.#capacity)
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
      this.#firstFree = this.links[slot << 2] as number
      return slot
    }
    if (this.#used === this.#capacity) this.grow()
    return this.#used++
  }

  /** Gives a slot back; its numbers stay readable until it is taken again. */
  release(slot: number): void {
    this.links[slot << 2] = this.#firstFree
    this.#firstFree = slot
  }

  timeOf(slot: number): number {
    return this.floats[slot << 1] as number
  }

  sequenceOf(slot: number): number {
    return this.floats[(slot << 1) + 1] as number
  }

  /** Whether the entry of one slot comes before that of another: by time, rank and sequence. */
  before(slot: number, other: number): boolean {
    const { floats, ranks } = this
    const time = floats[slot << 1] as number
    const otherTime = floats[other << 1] as number
    if (time !== otherTime) return time < otherTime
    const rank = ranks[slot] as number
    const otherRank = ranks[other] as number
    if (rank !== otherRank) return rank < otherRank
    return (floats[(slot << 1) + 1] as number) < (floats[(other << 1) + 1] as number)
  }

  /** The last slot of a list, of no meaning where it is empty. */
  lastOf(list: number): number {
    return (this.links[(list << 2) + 3] as number) >> 1
  }

  isEmpty(list: number): boolean {
    return this.links[(list << 2) + 2] === (list << 1) + 1
  }

  /** Makes sure that there are so many lists; those that were never used are empty. */
  needLists(count: number): void {
    const rows = this.links.length >> 2
    if (count > rows) this.#extend(Math.max(2 * rows, count))
  }

  append(slot: number, list: number): void {
    const { links } = this
    const head = (list << 2) + 2
    const last = links[head + 1] as number
    links[slot << 2] = (list << 1) + 1
    links[(slot << 2) + 1] = last
    links[last << 1] = slot << 1
    links[head + 1] = slot << 1
  }

  prepend(slot: number, list: number): void {
    const { links } = this
    const head = (list << 2) + 2
    const first = links[head] as number
    links[slot << 2] = first
    links[(slot << 2) + 1] = (list << 1) + 1
    links[(first << 1) + 1] = slot << 1
    links[head] = slot << 1
  }

  /** Takes a slot out of the list that it is in. */
  unlink(slot: number): void {
    const { links } = this
    const next = links[slot << 2] as number
    const previous = links[(slot << 2) + 1] as number
    links[previous << 1] = next
    links[(next << 1) + 1] = previous
  }

  /** Empties a list; its slots stay linked up to the list itself. */
  detach(list: number): void {
    const head = (list << 2) + 2
    this.links[head] = (list << 1) + 1
    this.links[head + 1] = (list << 1) + 1
  }

  /** The slots of a list in their order. */
  slotsOf(list: number): number[] {
    const { links } = this
    const end = (list << 1) + 1
    const slots: number[] = []
    for (let node = links[end << 1] as number; node !== end; node = links[node << 1] as number) slots.push(node >> 1)
    return slots
  }

  /** Makes room for twice as many slots. */
  grow(): void {
    const { floats } = this
    this.#capacity *= 2
    this.floats = new Float64Array(this.#capacity * 2)
    this.floats.set(floats)
    if (4 * this.#capacity > this.links.length) this.#extend(this.#capacity)
  }

  #extend(rows: number): void {
    const { links } = this
    this.links = new Int32Array(4 * rows)
    this.links.set(links)
    for (let list = links.length >> 2; list < rows; list++) this.detach(list)
  }
}
