import { RankTails } from './rank-tails.ts'
import { Rung } from './rung.ts'
import { BUCKET, NEXT, RANK, SEQUENCE, SLOT_FLOATS, SLOT_WORDS, SlotTable, TIME } from './slot-table.ts'

/** Entries that the bottom holds at most: among so many, a sorted array is faster than anything cleverer. */
const BOTTOM = 64
/** Places in the bottom's arrays. */
const PLACES = 512
/** Entries of a bucket that are sorted into the bottom; more are spread over a rung. */
const SORTED = 40
/** Buckets of a rung at most, give or take a factor of two. */
const BUCKETS = 2 ** 17
/** Rungs on each other; where more are needed, all is spread anew. To halve 2^53 ticks by 32 takes eleven. */
const RUNGS = 32

/** The list of what lies behind all rungs. */
const TOP = 0
/** The list of what is on its way to another. */
const ON_THE_WAY = 1
const FIRST_BUCKET = 2
/** Stands in place of a list for what is in the bottom. */
const IN_BOTTOM = -1

/** What a ladder is made of at a moment. */
export interface LadderShape {
  readonly rungs: number
  readonly instants: number
  readonly bottom: number
  /** Nothing but the bottom. */
  readonly small: boolean
  /** How often all was spread anew since it was made. */
  readonly rebuilt: number
}

/**
 * A ladder queue: slots ordered by (time, rank, sequence) and taken from the front, in amortised constant time.
 *
 * What is far away lies unsorted in the top list. When its turn comes it is spread over the buckets of a rung, a bucket of
 * many entries over a finer rung, and a bucket of few is sorted into the bottom, from which entries are taken. While few
 * entries wait, the bottom is all there is. A bucket of one single instant cannot be spread: it becomes a sorted list, which
 * what is scheduled later is appended to. Removing takes constant time everywhere.
 *
 * No entry may be inserted for a time before that of the last one that was taken.
 */
export class LadderQueue {
  readonly #table = new SlotTable()
  /** From the coarsest to the finest; what is before the finest one is in the bottom. */
  readonly #rungs = Array.from({ length: RUNGS }, () => new Rung())
  #depth = 0
  /** Times and slots of the bottom in order; they move from the front of the arrays to the end, and are moved back there. */
  readonly #times = new Float64Array(PLACES)
  readonly #slots = new Int32Array(PLACES)
  #head = 0
  #end = 0
  /** Entries of this time and later go to the top; `Infinity` while few wait. */
  #topFrom = Number.POSITIVE_INFINITY
  /** The time of the entry that was taken last. */
  #floor = 0
  #size = 0
  #tails = false
  #rebuilt = 0

  get size(): number {
    return this.#size
  }

  /** For tests and reports. */
  get shape(): LadderShape {
    const rungs = this.#rungs.slice(0, this.#depth)
    const instants = rungs.filter(({ instant }) => instant).length
    const small = this.#topFrom === Number.POSITIVE_INFINITY
    return { rungs: rungs.length - instants, instants, bottom: this.#end - this.#head, small, rebuilt: this.#rebuilt }
  }

  /** The earliest time, `Infinity` when the queue is empty. */
  get earliest(): number {
    if (this.#head === this.#end && !this.#refill()) return Number.POSITIVE_INFINITY
    return this.#times[this.#head] as number
  }

  /** The slot that comes first, of a queue that is not empty. */
  get first(): number {
    if (this.#head === this.#end) this.#refill()
    return this.#slots[this.#head] as number
  }

  timeOf(slot: number): number {
    return this.#table.floats[slot * SLOT_FLOATS + TIME] as number
  }

  sequenceOf(slot: number): number {
    return this.#table.floats[slot * SLOT_FLOATS + SEQUENCE] as number
  }

  /**
   * Takes the first entry out of a queue whose `earliest` was just read and is not empty; returns its slot, which stays taken:
   * it is released, or put in again.
   */
  takeFirst(): number {
    const head = this.#head++
    this.#floor = this.#times[head] as number
    this.#size--
    return this.#slots[head] as number
  }

  /** Inserts an entry; returns its slot, which is below the largest number of entries there ever were. */
  insert(time: number, rank: number, sequence: number): number {
    const slot = this.#table.take()
    this.put(slot, time, rank, sequence)
    return slot
  }

  /** Puts an entry into a slot that was taken. */
  put(slot: number, time: number, rank: number, sequence: number): void {
    const { floats, words } = this.#table
    floats[slot * SLOT_FLOATS + TIME] = time
    floats[slot * SLOT_FLOATS + SEQUENCE] = sequence
    words[slot * SLOT_WORDS + RANK] = rank
    this.#size++
    if (this.#depth === 0 && time < this.#topFrom) this.#placeInBottom(slot, time)
    else this.#place(slot, time)
  }

  release(slot: number): void {
    this.#table.release(slot)
  }

  /** Takes an entry out; its slot is free then. */
  remove(slot: number): void {
    this.#withdraw(slot)
    this.#table.release(slot)
    if (--this.#size === 0) this.#restart()
  }

  /** Gives an entry another time and sequence. */
  change(slot: number, time: number, sequence: number): void {
    this.#withdraw(slot)
    this.#table.floats[slot * SLOT_FLOATS + TIME] = time
    this.#table.floats[slot * SLOT_FLOATS + SEQUENCE] = sequence
    this.#place(slot, time)
  }

  /** Forgets all entries, and that any were taken. */
  clear(): void {
    for (const slot of this.entries()) this.#table.release(slot)
    this.#table.clear(TOP, 1)
    this.#restart()
    this.#size = 0
    this.#floor = 0
  }

  /** The slots of all entries in their order. */
  sortedEntries(): number[] {
    return this.entries().sort((a, b) => (this.#table.before(a, b) ? -1 : 1))
  }

  /** The slots of all entries, roughly in their order: only those of one bucket lie as they came. */
  entries(): number[] {
    const all = Array.from(this.#slots.subarray(this.#head, this.#end))
    const { words } = this.#table
    for (const list of this.#usedLists()) {
      for (let slot = this.#table.first(list); slot >= 0; slot = words[slot * SLOT_WORDS + NEXT] as number)
        all.push(slot)
    }
    return all
  }

  *#usedLists(): Generator<number, void, undefined> {
    for (const { base, current, last } of this.#rungs.slice(0, this.#depth).reverse()) {
      for (let index = current; index <= last; index++) yield base + index
    }
    yield TOP
  }

  #place(slot: number, time: number): void {
    if (time >= this.#topFrom) {
      this.#table.append(slot, TOP)
      return
    }
    const rungs = this.#rungs
    const depth = this.#depth
    for (let at = 0; at < depth; at++) {
      const rung = rungs[at] as Rung
      if (time < rung.from) continue
      if (rung.instant) this.#placeInInstant(rung, slot, time)
      else this.#table.append(slot, rung.listOf(time))
      return
    }
    this.#placeInBottom(slot, time)
  }

  #placeInBottom(slot: number, time: number): void {
    const head = this.#head
    let at = this.#end
    if (at - head >= BOTTOM || at === PLACES) {
      this.#makeRoom()
      this.#place(slot, time)
      return
    }
    const times = this.#times
    const slots = this.#slots
    this.#end = at + 1
    this.#table.words[slot * SLOT_WORDS + BUCKET] = IN_BOTTOM
    // No call inside the loop, so that the arrays stay in registers.
    for (; at > head; at--) {
      const other = times[at - 1] as number
      if (other <= time) break
      times[at] = other
      slots[at] = slots[at - 1] as number
    }
    if (at > head && times[at - 1] === time) at = this.#passEquals(at, slot)
    times[at] = time
    slots[at] = slot
  }

  /** Goes on from the hole at `end` past entries of the same instant that come after `slot`; returns where the hole is then. */
  #passEquals(end: number, slot: number): number {
    let at = end
    for (; at > this.#head && this.#table.before(slot, this.#slots[at - 1] as number); at--) {
      this.#times[at] = this.#times[at - 1] as number
      this.#slots[at] = this.#slots[at - 1] as number
    }
    return at
  }

  #removeFromBottom(slot: number): void {
    const times = this.#times
    const slots = this.#slots
    let at = this.#head
    while (slots[at] !== slot) at++
    const end = --this.#end
    for (; at < end; at++) {
      times[at] = times[at + 1] as number
      slots[at] = slots[at + 1] as number
    }
  }

  /** Into the list of an instant, or into the bottom if it comes before all that is in the list. */
  #placeInInstant(rung: Rung, slot: number, time: number): void {
    const table = this.#table
    const last = table.last(rung.base)
    if (last < 0) {
      this.#placeInBottom(slot, time)
      return
    }
    let previous = last
    if (this.#table.before(slot, last)) {
      if (rung.tails === undefined) {
        rung.tails = new RankTails(table, rung.base)
        this.#tails = true
      }
      previous = rung.tails.before(slot)
      if (previous < 0) {
        this.#placeInBottom(slot, time)
        return
      }
    }
    table.insertAfter(previous, slot, rung.base)
    rung.tails?.added(slot)
  }

  #withdraw(slot: number): void {
    const list = this.#table.words[slot * SLOT_WORDS + BUCKET] as number
    if (list === IN_BOTTOM) {
      this.#removeFromBottom(slot)
      return
    }
    if (this.#tails) {
      const rung = this.#rungs.slice(0, this.#depth).find(({ instant, base }) => instant && base === list)
      rung?.tails?.leaves(slot)
    }
    this.#table.remove(slot)
  }

  /** Brings what comes next into the empty bottom; returns whether there is anything. */
  #refill(): boolean {
    const table = this.#table
    this.#head = 0
    this.#end = 0
    if (this.#size === 0) {
      this.#restart()
      return false
    }
    while (this.#end === 0) {
      const rung = this.#rungs[this.#depth - 1]
      if (rung === undefined) this.#spreadTop()
      else if (rung.instant) {
        if (!this.#takeOfInstant(rung)) this.#depth--
      } else {
        const list = table.findFull(rung.base + rung.current, rung.base + rung.last)
        rung.current = list - rung.base
        if (rung.current > rung.last) this.#depth--
        else this.#spreadBucket(rung, table.detach(list))
      }
    }
    return true
  }

  /** The bottom takes what is in the top list while that is little; else the top begins anew after the last of it. */
  #spreadTop(): void {
    const chain = this.#table.detach(TOP)
    this.#topFrom = Number.POSITIVE_INFINITY
    if (this.#sort(chain)) return
    const { count, least, most } = this.#table.extent(chain)
    this.#topFrom = most + 1
    if (least === most) this.#pushInstant(chain, least)
    else this.#pushRung(least, most, count, chain)
  }

  #spreadBucket(rung: Rung, chain: number): void {
    const { current, last } = rung
    if (this.#sort(chain)) {
      this.#closeBucket(rung, current, last)
      return
    }
    const { count, least, most } = this.#table.extent(chain)
    if (least === most) {
      // What comes later in the same bucket still belongs there.
      rung.from = least + 1
      this.#pushInstant(chain, least)
      return
    }
    this.#closeBucket(rung, current, last)
    this.#pushRung(least, most, count, chain)
  }

  /** Gives up the current bucket of the finest rung, and the rung with its last one. */
  #closeBucket(rung: Rung, current: number, last: number): void {
    if (current === last) this.#depth--
    rung.from = rung.start + (current + 1) / rung.scale
    rung.current = current + 1
  }

  /** Sorts a chain into the empty bottom; returns whether it is short enough for that. */
  #sort(chain: number): boolean {
    const { floats, words } = this.#table
    const times = this.#times
    const slots = this.#slots
    let end = 0
    for (let slot = chain; slot >= 0; slot = words[slot * SLOT_WORDS + NEXT] as number) {
      if (end === SORTED) return false
      const time = floats[slot * SLOT_FLOATS + TIME] as number
      words[slot * SLOT_WORDS + BUCKET] = IN_BOTTOM
      let at = end++
      for (; at > 0; at--) {
        const other = times[at - 1] as number
        if (other <= time) break
        times[at] = other
        slots[at] = slots[at - 1] as number
      }
      if (at > 0 && times[at - 1] === time) at = this.#passEquals(at, slot)
      times[at] = time
      slots[at] = slot
    }
    this.#end = end
    return true
  }

  /** Adds a rung from `start` on for the entries of a chain, of which the last is at `most`; one or two buckets an entry. */
  #pushRung(start: number, most: number, count: number, chain: number): void {
    const { floats, words } = this.#table
    const range = most - start
    const width = 2 ** Math.max(0, Math.floor(Math.log2(range / Math.min(count, BUCKETS))))
    const rung = this.#push(start, width, Math.floor(range / width), false)
    for (let slot = chain; slot >= 0; ) {
      const next = words[slot * SLOT_WORDS + NEXT] as number
      this.#table.append(slot, rung.listOf(floats[slot * SLOT_FLOATS + TIME] as number))
      slot = next
    }
  }

  #pushInstant(chain: number, time: number): void {
    const { words } = this.#table
    const { base } = this.#push(time, 1, 0, true)
    const slots: number[] = []
    let sorted = true
    for (let slot = chain; slot >= 0; slot = words[slot * SLOT_WORDS + NEXT] as number) {
      sorted &&= slots.length === 0 || this.#table.before(slots.at(-1) as number, slot)
      slots.push(slot)
    }
    if (!sorted) slots.sort((a, b) => (this.#table.before(a, b) ? -1 : 1))
    for (const slot of slots) this.#table.append(slot, base)
  }

  #push(start: number, width: number, last: number, instant: boolean): Rung {
    const below = this.#rungs[this.#depth - 1]
    const rung = this.#rungs[this.#depth++] as Rung
    rung.start = start
    rung.from = start
    rung.scale = 1 / width
    rung.base = below === undefined ? FIRST_BUCKET : below.base + below.last + 1
    rung.current = 0
    rung.last = last
    rung.instant = instant
    rung.tails = undefined
    this.#table.clear(rung.base, last + 1)
    return rung
  }

  /** Brings a part of an instant into the bottom; returns whether there was anything. */
  #takeOfInstant(rung: Rung): boolean {
    const table = this.#table
    for (let slot = table.first(rung.base); slot >= 0 && this.#end < SORTED; slot = table.first(rung.base)) {
      rung.tails?.leaves(slot)
      table.remove(slot)
      this.#table.words[slot * SLOT_WORDS + BUCKET] = IN_BOTTOM
      this.#times[this.#end] = rung.start
      this.#slots[this.#end++] = slot
    }
    return this.#end > 0
  }

  /** Makes room in the bottom, which is full or has reached the end of its arrays. */
  #makeRoom(): void {
    if (this.#end - this.#head >= BOTTOM) {
      this.#spill()
      return
    }
    this.#times.copyWithin(0, this.#head, this.#end)
    this.#slots.copyWithin(0, this.#head, this.#end)
    this.#end -= this.#head
    this.#head = 0
  }

  #spill(): void {
    if (this.#depth + 2 > RUNGS) {
      this.#rebuild()
      return
    }
    const times = this.#times
    const finest = this.#rungs[this.#depth - 1]
    const [least, most] = [times[this.#head] as number, times[this.#end - 1] as number]
    if (finest?.instant && finest.start === most) {
      // It belongs to the front of an instant's list, whose first part was taken out before.
      while (this.#end > this.#head && times[this.#end - 1] === most) {
        const slot = this.#slots[--this.#end] as number
        this.#table.insertAfter(-1, slot, finest.base)
        finest.tails?.added(slot)
      }
      return
    }
    const above = finest?.from ?? this.#topFrom
    const chain = this.#emptyBottom()
    if (above === Number.POSITIVE_INFINITY) this.#topFrom = most + 1
    if (least < most) this.#pushRung(this.#floor, most, 2 * BOTTOM, chain)
    else {
      // Between the instant and what lies above there is room for what comes later.
      if (above > most + 1 && this.#topFrom > most + 1) this.#push(most + 1, 1, 0, false)
      this.#pushInstant(chain, most)
    }
  }

  /** Spreads all entries over one rung: the stretches of time that the rungs stand for had become ever smaller. */
  #rebuild(): void {
    const { words } = this.#table
    const chains = [this.#emptyBottom()]
    for (const list of this.#usedLists()) chains.push(this.#table.detach(list))
    this.#table.clear(TOP, 1)
    for (const chain of chains) {
      for (let slot = chain; slot >= 0; ) {
        const next = words[slot * SLOT_WORDS + NEXT] as number
        this.#table.append(slot, TOP)
        slot = next
      }
    }
    this.#rebuilt++
    this.#depth = 0
    this.#spreadTop()
  }

  #emptyBottom(): number {
    this.#table.clear(ON_THE_WAY, 1)
    for (const slot of this.#slots.subarray(this.#head, this.#end)) this.#table.append(slot, ON_THE_WAY)
    this.#head = 0
    this.#end = 0
    return this.#table.detach(ON_THE_WAY)
  }

  #restart(): void {
    this.#head = 0
    this.#end = 0
    this.#depth = 0
    this.#topFrom = Number.POSITIVE_INFINITY
    this.#tails = false
  }
}
