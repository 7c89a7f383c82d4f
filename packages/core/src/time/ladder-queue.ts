// Long because bottom, rungs and top hand entries to each other on the way of every event: cut in two, V8 no longer inlines that way.
import { inOrder } from './in-order.ts'
import { InstantHeap } from './instant-heap.ts'
import { LEAST_RANK, Rung } from './rung.ts'
import { SlotTable } from './slot-table.ts'

/** Entries that the bottom holds at most: among so many, a sorted array is faster than anything cleverer. */
const BOTTOM = 64
/** Places in the bottom's arrays. */
const PLACES = 512
/** Entries of a bucket that are sorted into the bottom; more are spread over a rung. */
const SORTED = 40
/** Buckets are sorted into the bottom until it has so many entries: a part of them all at once costs less than each alone. */
const BATCH = 16
/** Buckets of a rung at most, give or take a factor of two. */
const BUCKETS = 2 ** 17
/** Entries from which on what comes next is read ahead. */
const MANY = 2048
/** How far into each bucket is read ahead. */
const STEPS = 8
/** Rungs on each other; where more are needed, all is spread anew. To halve 2^53 ticks by 32 takes eleven. */
const RUNGS = 32

/** Stand in place of the next slot for what is of an instant, but in the bottom, or in the instant's heap. */
const IN_BOTTOM = -1
const IN_HEAP = -2

type Numbers = { readonly [place: number]: number }

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
 * What is far away lies unsorted in the top. When its turn comes it is spread over the buckets of a rung, a bucket of
 * many entries over a finer rung, and buckets of few are sorted into the bottom, from which entries are taken. While few
 * entries wait, the bottom is all there is. A bucket of one single instant cannot be spread: it becomes a sorted list, which
 * what is scheduled later is appended to. Removing takes constant time everywhere but in the heap of what came out of order
 * at one instant.
 *
 * It is a table of slots, not the owner of one, and keeps its fields private by type alone: the way from `put` to `takeFirst` is
 * one object's then, and short enough in bytecode that V8 inlines all of it into an event's action. That is also why it is one
 * file of more than 300 lines.
 * No entry may be inserted for a time before that of the last one that was taken.
 */
export class LadderQueue extends SlotTable {
  /** From the coarsest to the finest; what is before the finest one is in the bottom. */
  private readonly rungs = Array.from({ length: RUNGS }, () => new Rung())
  private depth = 0
  /**
   * Times and slots of the bottom in order; they move from the front of the arrays to the end, and are moved back there. Plain
   * arrays: where any ArrayBuffer was ever detached, as by a WebAssembly memory that grew, V8 asks at each access to a typed
   * array whether its own was.
   */
  private readonly times: number[] = packed(0.5)
  private readonly slots: number[] = packed(0)
  private head = 0
  private end = 0
  /** Entries before this time go to the bottom: where the finest rung, or the top, begins. */
  private bottomUntil = Number.POSITIVE_INFINITY
  /** Entries of this time and later go to the top; `Infinity` while few wait. */
  private topFrom = Number.POSITIVE_INFINITY
  /** Times and slots of the top as they came. */
  private topTimes: number[] = [0.5]
  private topSlots: number[] = [0]
  private topCount = 0
  /** The time of the entry that was taken last. */
  private floor: number
  /** Entries that were taken since {@link turned} was called, give or take a bottom. */
  private taken = 0
  /** Entries that are not in the bottom. */
  private countAbove = 0
  private rebuilds = 0
  /** Of no meaning: what it is calculated from is to be read. */
  private touched = 0

  /**
   * Is told now and then how many entries were taken since, and which slots come next: to look after what they stand for. It may
   * release slots and take none.
   */
  turned: ((taken: number, slots: readonly number[], end: number) => void) | undefined = undefined

  /** No entry comes before `floor`. */
  constructor(floor = 0) {
    super()
    this.floor = floor
  }

  get size(): number {
    return this.countAbove + this.end - this.head
  }

  /** For tests and reports. */
  get shape(): LadderShape {
    const rungs = this.rungs.slice(0, this.depth)
    const instants = rungs.filter(({ instant }) => instant).length
    const small = this.topFrom === Number.POSITIVE_INFINITY
    return { rungs: rungs.length - instants, instants, bottom: this.end - this.head, small, rebuilt: this.rebuilds }
  }

  /** The earliest time, `Infinity` when the queue is empty. */
  get earliest(): number {
    if (this.head === this.end && !this.refill()) return Number.POSITIVE_INFINITY
    return this.times[this.head] as number
  }

  /** The slot that comes first, of a queue that is not empty. */
  get first(): number {
    if (this.head === this.end) this.refill()
    return this.slots[this.head] as number
  }

  /**
   * Takes the first entry out of a queue whose `earliest` was just read and is not empty; returns its slot, which stays taken:
   * it is released, or put in again.
   */
  takeFirst(): number {
    const head = this.head
    this.head = head + 1
    return this.slots[head] as number
  }

  /** Inserts an entry; returns its slot, which is below the largest number of entries there ever were. */
  insert(time: number, rank: number, sequence: number): number {
    const slot = this.take(rank)
    this.put(slot, time, sequence)
    return slot
  }

  /** Puts an entry into a slot that was taken for its rank. */
  put(slot: number, time: number, sequence: number): void {
    const { floats } = this
    floats[slot << 1] = time
    floats[(slot << 1) + 1] = sequence
    if (time < this.bottomUntil) this.placeInBottom(slot, time)
    else this.placeAbove(slot, time)
  }

  /** Takes an entry out; its slot stays taken, as by {@link takeFirst}. */
  remove(slot: number): void {
    this.withdraw(slot)
    if (this.size === 0) this.restart()
  }

  /** Gives an entry another time and sequence. */
  change(slot: number, time: number, sequence: number): void {
    this.withdraw(slot)
    const { floats } = this
    floats[slot << 1] = time
    floats[(slot << 1) + 1] = sequence
    if (time < this.bottomUntil) this.placeInBottom(slot, time)
    else this.placeAbove(slot, time)
  }

  /** Forgets all entries, whose slots stay taken, and that any were taken out. */
  clear(): void {
    this.countAbove = 0
    this.emptyLists()
    this.restart()
    this.floor = 0
  }

  /** The slots of all entries in their order. */
  sortedEntries(): number[] {
    return inOrder(this.entries(), this)
  }

  /** The slots of all entries, roughly in their order: only those of one bucket lie as they came. */
  entries(): number[] {
    const all = this.slots.slice(this.head, this.end)
    for (const { base, current, last, heap } of this.rungs.slice(0, this.depth).reverse()) {
      for (let bucket = current; bucket <= last; bucket++) {
        for (const slot of this.slotsOf(base + 2 * bucket)) all.push(slot)
      }
      if (heap !== undefined) all.push(...heap.slots)
    }
    for (let at = 0; at < this.topCount; at++) all.push(this.topSlots[at] as number)
    return all
  }

  private placeInBottom(slot: number, time: number): void {
    const head = this.head
    let at = this.end
    if (at - head >= BOTTOM || at === PLACES) {
      this.makeRoom(slot, time)
      return
    }
    const times = this.times
    const slots = this.slots
    this.end = at + 1
    // No call inside the loop, so that the arrays stay in registers.
    for (; at > head; at--) {
      const other = times[at - 1] as number
      if (other <= time) {
        if (other === time) at = this.passEquals(at, slot)
        break
      }
      times[at] = other
      slots[at] = slots[at - 1] as number
    }
    times[at] = time
    slots[at] = slot
  }

  /** Goes on from the hole at `end` past entries of the same instant that come after `slot`; returns where the hole is then. */
  private passEquals(end: number, slot: number): number {
    let at = end
    for (; at > this.head && this.before(slot, this.slots[at - 1] as number); at--) {
      this.times[at] = this.times[at - 1] as number
      this.slots[at] = this.slots[at - 1] as number
    }
    return at
  }

  private placeAbove(slot: number, time: number): void {
    this.countAbove++
    if (time >= this.topFrom) {
      this.placeInTop(slot, time)
      return
    }
    const rungs = this.rungs
    let at = 0
    let rung = rungs[0] as Rung
    while (time < rung.from) rung = rungs[++at] as Rung
    if (rung.instant) this.placeInInstant(rung, slot, time)
    else this.append(slot, rung.listOf(time))
  }

  private placeInTop(slot: number, time: number): void {
    const at = this.topCount
    this.links[(slot << 2) + 1] = at
    this.topTimes[at] = time
    this.topSlots[at] = slot
    this.topCount = at + 1
  }

  /** At the end of the list of an instant, into the bottom if it comes before what is there, or into the heap. */
  private placeInInstant(rung: Rung, slot: number, time: number): void {
    const rank = this.ranks[slot] as number
    const sequence = this.floats[(slot << 1) + 1] as number
    if (rank > rung.rank || (rank === rung.rank && sequence > rung.sequence)) {
      rung.rank = rank
      rung.sequence = sequence
      this.append(slot, rung.base)
    } else this.placeOutOfOrder(rung, slot, time)
  }

  private placeOutOfOrder(rung: Rung, slot: number, time: number): void {
    if (this.end > this.head && this.before(slot, this.slots[this.end - 1] as number)) {
      this.countAbove--
      this.links[slot << 2] = IN_BOTTOM
      this.placeInBottom(slot, time)
    } else {
      rung.heap ??= new InstantHeap(this)
      rung.heap.add(slot)
      this.links[slot << 2] = IN_HEAP
    }
  }

  private withdraw(slot: number): void {
    const time = this.floats[slot << 1] as number
    const next = this.links[slot << 2] as number
    if (time < this.bottomUntil) this.removeFromBottom(slot)
    else if (time >= this.topFrom) this.removeFromTop(slot)
    else if (next === IN_BOTTOM) this.removeFromBottom(slot)
    else if (next === IN_HEAP) this.removeFromHeap(slot, time)
    else {
      this.countAbove--
      this.unlink(slot)
    }
  }

  private removeFromBottom(slot: number): void {
    const times = this.times
    const slots = this.slots
    let at = this.head
    while (slots[at] !== slot) at++
    const end = --this.end
    for (; at < end; at++) {
      times[at] = times[at + 1] as number
      slots[at] = slots[at + 1] as number
    }
  }

  private removeFromTop(slot: number): void {
    const at = this.links[(slot << 2) + 1] as number
    const last = --this.topCount
    this.countAbove--
    const moved = this.topSlots[last] as number
    this.topTimes[at] = this.topTimes[last] as number
    this.topSlots[at] = moved
    this.links[(moved << 2) + 1] = at
  }

  private removeFromHeap(slot: number, time: number): void {
    this.countAbove--
    for (let at = 0; at < this.depth; at++) {
      const rung = this.rungs[at] as Rung
      if (rung.instant && rung.start === time) rung.heap?.remove(slot)
    }
  }

  /** Brings what comes next into the empty bottom; returns whether there is anything. */
  private refill(): boolean {
    this.noteFloor()
    this.head = 0
    this.end = 0
    if (this.countAbove === 0) {
      this.restart()
      return false
    }
    while (this.end === 0) {
      if (this.depth === 0) this.spreadTop()
      else {
        const rung = this.rungs[this.depth - 1] as Rung
        if (!rung.instant) this.takeOfRung(rung)
        else if (!this.takeOfInstant(rung)) this.depth--
      }
    }
    this.bottomUntil = this.above
    this.turn()
    if (this.countAbove > MANY && this.depth > 0) this.touchAhead(this.rungs[this.depth - 1] as Rung)
    return true
  }

  /** Walks along the next three buckets at once: nothing waits for what they hold yet, so that cache misses overlap. */
  private touchAhead({ base, current, last }: Rung): void {
    if (last < 2) return
    const { floats, links } = this
    let touched = this.touched
    let first = base + 2 * Math.min(current, last - 2)
    let second = first + 2
    let third = first + 4
    for (let step = 0; step < STEPS; step++) {
      first = links[first << 1] as number
      second = links[second << 1] as number
      third = links[third << 1] as number
      if ((first & 1) === 0 && (floats[first] as number) < 0) touched++
      if ((second & 1) === 0 && (floats[second] as number) < 0) touched++
      if ((third & 1) === 0 && (floats[third] as number) < 0) touched++
    }
    this.touched = touched
  }

  /** Where the finest rung, or else the top, begins. */
  private get above(): number {
    return this.depth === 0 ? this.topFrom : (this.rungs[this.depth - 1] as Rung).from
  }

  /** The bottom takes what is in the top while that is little; else the top begins anew after the last of it. */
  private spreadTop(): void {
    const times = this.topTimes
    const slots = this.topSlots
    const count = this.topCount
    this.topCount = 0
    if (count <= SORTED) {
      this.topFrom = Number.POSITIVE_INFINITY
      this.bottomUntil = Number.POSITIVE_INFINITY
      this.countAbove -= count
      for (let at = 0; at < count; at++) this.placeInBottom(slots[at] as number, times[at] as number)
      return
    }
    const { least, most } = bounds(times, count)
    this.topFrom = most + 1
    this.spread(least, most, times, slots, 0, count)
    if (8 * count + SORTED < slots.length) {
      this.topTimes = [0.5]
      this.topSlots = [0]
    }
  }

  /** Adds a rung, or an instant, from `least` on for entries that lie in arrays. */
  private spread(least: number, most: number, times: Numbers, slots: Numbers, from: number, to: number): void {
    if (least === most) {
      const rung = this.push(least, 1, 0, true)
      for (let at = from; at < to; at++) this.placeInInstant(rung, slots[at] as number, least)
      return
    }
    const rung = this.pushRung(least, most, to - from)
    for (let at = from; at < to; at++) this.append(slots[at] as number, rung.listOf(times[at] as number))
  }

  /** Sorts buckets of the finest rung into the empty bottom, or spreads the first one where that has too many entries. */
  private takeOfRung(rung: Rung): void {
    const { links } = this
    const { base, last } = rung
    let { current } = rung
    let end = 0
    for (; current <= last && end < BATCH; current++) {
      const list = base + (current << 1)
      if (links[list << 1] === list) continue
      const more = this.sort(list, end)
      if (more < 0) break
      end = more
      this.detach(list)
    }
    if (end === 0 && current <= last) this.spreadBucket(rung, current)
    else this.closeBuckets(rung, current)
    this.countAbove -= end
    this.end = end
  }

  private spreadBucket(rung: Rung, current: number): void {
    const list = rung.base + 2 * current
    const slots = this.slotsOf(list)
    this.detach(list)
    const times = slots.map((slot) => this.timeOf(slot))
    const { least, most } = bounds(times, times.length)
    if (least === most) {
      // What comes later in the same bucket still belongs there.
      rung.current = current
      rung.from = least + 1
    } else this.closeBuckets(rung, current + 1)
    this.spread(least, most, times, slots, 0, slots.length)
  }

  /** Gives up the buckets of the finest rung before `current`, and the rung with its last one. */
  private closeBuckets(rung: Rung, current: number): void {
    if (current > rung.last) this.depth--
    rung.from = rung.start + current * rung.width
    rung.current = current
  }

  /** Sorts a list into the bottom, behind what is there until `end`; returns where it ends then, -1 if the list is too long. */
  private sort(list: number, end: number): number {
    const { floats, links } = this
    const times = this.times
    const slots = this.slots
    const most = end + SORTED
    let next = end
    for (let node = links[list << 1] as number; node !== list; node = links[node << 1] as number) {
      if (next === most) return -1
      const slot = node >> 1
      const time = floats[node] as number
      let at = next++
      for (; at > end; at--) {
        const other = times[at - 1] as number
        if (other <= time) {
          if (other === time) at = this.passEquals(at, slot)
          break
        }
        times[at] = other
        slots[at] = slots[at - 1] as number
      }
      times[at] = time
      slots[at] = slot
    }
    return next
  }

  /** Adds a rung from `start` on for so many entries, of which the last is at `most`; one or two buckets an entry. */
  private pushRung(start: number, most: number, count: number): Rung {
    const range = most - start
    const width = 2 ** Math.max(0, Math.floor(Math.log2(range / Math.min(count, BUCKETS))))
    return this.push(start, width, Math.floor(range / width), false)
  }

  private push(start: number, width: number, last: number, instant: boolean): Rung {
    const below = this.rungs[this.depth - 1]
    const rung = this.rungs[this.depth++] as Rung
    rung.start = start
    rung.from = start
    rung.width = width
    rung.scale = 1 / width
    rung.base = below?.end ?? 1
    rung.current = 0
    rung.last = last
    rung.instant = instant
    rung.heap = undefined
    rung.rank = LEAST_RANK
    rung.sequence = Number.NEGATIVE_INFINITY
    this.needLists(rung.end)
    return rung
  }

  /** Brings a part of an instant into the bottom; returns whether there was anything. */
  private takeOfInstant(rung: Rung): boolean {
    const { links, times, slots } = this
    const { base, start, heap } = rung
    let end = 0
    let node = links[base << 1] as number
    while (end < SORTED) {
      const early = heap === undefined ? -1 : heap.first
      let taken = node >> 1
      if (early >= 0 && (node === base || this.before(early, taken))) {
        heap?.remove(early)
        taken = early
      } else if (node === base) break
      else node = links[node << 1] as number
      links[taken << 2] = IN_BOTTOM
      times[end] = start
      slots[end++] = taken
    }
    links[base << 1] = node
    links[(node << 1) + 1] = base
    this.countAbove -= end
    this.end = end
    return end > 0
  }

  /** Makes room in the bottom, which is full or has reached the end of its arrays, and puts an entry where it belongs then. */
  private makeRoom(slot: number, time: number): void {
    this.noteFloor()
    if (this.end - this.head >= BOTTOM) this.spill()
    else {
      const { times, slots, head } = this
      const count = this.end - head
      for (let at = 0; at < count; at++) {
        times[at] = times[head + at] as number
        slots[at] = slots[head + at] as number
      }
      this.end = count
      this.head = 0
      this.turn()
    }
    if (time < this.bottomUntil) this.placeInBottom(slot, time)
    else this.placeAbove(slot, time)
  }

  private noteFloor(): void {
    const head = this.head
    if (head === 0) return
    this.floor = this.times[head - 1] as number
    this.taken += head
  }

  private turn(): void {
    const taken = this.taken
    this.taken = 0
    this.turned?.(taken, this.slots, this.end)
  }

  private spill(): void {
    const times = this.times
    const [head, end] = [this.head, this.end]
    const [least, most] = [times[head] as number, times[end - 1] as number]
    const finest = this.rungs[this.depth - 1]
    if (this.depth + 2 > RUNGS) this.rebuild()
    else if (finest?.instant && finest.start === most) {
      // It belongs to the front of an instant's list, whose first part was taken out before.
      while (this.end > head && times[this.end - 1] === most)
        this.prepend(this.slots[--this.end] as number, finest.base)
      this.countAbove += end - this.end
    } else {
      const above = this.above
      if (above === Number.POSITIVE_INFINITY) this.topFrom = most + 1
      // Between an instant and what lies above there is room for what comes later.
      else if (least === most && above > most + 1) this.push(most + 1, 1, 0, false)
      this.countAbove += end - head
      this.head = 0
      this.end = 0
      this.spread(least < most ? this.floor : least, most, times, this.slots, head, end)
    }
    this.bottomUntil = this.above
  }

  /** Spreads all entries over one rung: the stretches of time that the rungs stand for had become ever smaller. */
  private rebuild(): void {
    const slots = this.entries()
    this.emptyLists()
    this.countAbove = slots.length
    this.topCount = 0
    for (const slot of slots) this.placeInTop(slot, this.timeOf(slot))
    this.head = 0
    this.end = 0
    this.depth = 0
    this.rebuilds++
    this.spreadTop()
  }

  private emptyLists(): void {
    for (const { base, current, last } of this.rungs.slice(0, this.depth)) {
      for (let bucket = current; bucket <= last; bucket++) this.detach(base + 2 * bucket)
    }
  }

  private restart(): void {
    this.noteFloor()
    this.head = 0
    this.end = 0
    this.depth = 0
    this.topCount = 0
    this.topFrom = Number.POSITIVE_INFINITY
    this.bottomUntil = Number.POSITIVE_INFINITY
    this.turn()
  }
}

/** An array for the bottom; V8 keeps fractions as 64-bit floats from the first one on, and whole numbers as such. */
function packed(number: number): number[] {
  const array: number[] = []
  while (array.length < PLACES) array.push(number)
  return array
}

/** The least and the greatest of the first `count` times, of which there is one at least. */
function bounds(times: Numbers, count: number): { readonly least: number; readonly most: number } {
  let least = times[0] as number
  let most = least
  for (let at = 1; at < count; at++) {
    const time = times[at] as number
    if (time < least) least = time
    if (time > most) most = time
  }
  return { least, most }
}
