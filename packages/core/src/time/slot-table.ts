/**
 * Slots of entries, each with a time, a sequence number and a rank, and doubly linked lists of them: a slot is in one list at a
 * time, and is appended and taken out in constant time without a branch, for a list's own links close it to a ring.
 *
 * The numbers of a slot lie in `floats` from `slot << 1` on: time, then sequence. Slots and lists are nodes, a slot `2 * slot`, a
 * list an odd number, which is its name; in `links`, the next one of a node is at `node << 1`, the previous one behind that. While
 * a slot is in no list, its links are its owner's.
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
    this.#extend(2 * this.#capacity)
  }

  /** Slots that there is memory for. */
  get capacity(): number {
    return this.#capacity
  }

  /** Whether the next slot that is taken makes the table grow. */
  get full(): boolean {
    return this.#firstFree < 0 && this.#used === this.#capacity
  }

  /** Takes a free slot for an entry of a rank, the one that was released last; numbers stay below the most slots ever taken. */
  take(rank: number): number {
    const slot = this.#takeFree()
    this.ranks[slot] = rank
    return slot
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

  /** Makes sure that there are all lists below `end`; those that were never used are empty. */
  needLists(end: number): void {
    const nodes = this.links.length >> 1
    if (end > nodes) this.#extend(Math.max(2 * nodes, end + 1))
  }

  append(slot: number, list: number): void {
    const { links } = this
    const node = slot << 1
    const tail = (list << 1) + 1
    const last = links[tail] as number
    links[node << 1] = list
    links[(node << 1) + 1] = last
    links[last << 1] = node
    links[tail] = node
  }

  prepend(slot: number, list: number): void {
    const { links } = this
    const node = slot << 1
    const first = links[list << 1] as number
    links[node << 1] = first
    links[(node << 1) + 1] = list
    links[(first << 1) + 1] = node
    links[list << 1] = node
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
    this.links[list << 1] = list
    this.links[(list << 1) + 1] = list
  }

  /** The slots of a list in their order. */
  slotsOf(list: number): number[] {
    const { links } = this
    const slots: number[] = []
    for (let node = links[list << 1] as number; node !== list; node = links[node << 1] as number) slots.push(node >> 1)
    return slots
  }

  /** Makes room for twice as many slots. */
  grow(): void {
    const { floats } = this
    this.#capacity *= 2
    this.floats = new Float64Array(this.#capacity * 2)
    this.floats.set(floats)
    if (4 * this.#capacity > this.links.length) this.#extend(2 * this.#capacity)
  }

  #takeFree(): number {
    const slot = this.#firstFree
    if (slot >= 0) {
      this.#firstFree = this.links[slot << 2] as number
      return slot
    }
    if (this.#used === this.#capacity) this.grow()
    return this.#used++
  }

  #extend(nodes: number): void {
    const { links } = this
    this.links = new Int32Array(2 * nodes)
    this.links.set(links)
    for (let list = (links.length >> 1) + 1; list < nodes; list += 2) this.detach(list)
  }
}
