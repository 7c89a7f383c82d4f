// Long because scheduling and serving share private state, and a call between two classes on that way costs more than the rest of it.
import type { SimEvent } from './event.ts'
import type { Fingerprint } from './fingerprint.ts'
import { LadderQueue } from './ladder-queue.ts'
import { alreadyScheduled, inThePast, livelock, noLimit, skipsAnEvent } from './queue-errors.ts'
import { LAST_TICK, notATick } from './tick.ts'

/** Memory for so many waiting events is kept however few wait. */
const SPARE = 4096
/** Where so many wait, what comes next is read ahead. */
const MANY = 2048

/** The last tick, here for the sake of speed: V8 puts the constants of a file into its code, and looks up those of others. */
const LAST = LAST_TICK

/** What stands in an event that does not wait for the slot that it keeps, and back. */
const kept = (slot: number): number => -2 - slot

export interface EventQueueOptions {
  /** Events served at one instant before the queue calls it a livelock, 1 or more; 10^6 if left out. */
  readonly maxAtOneInstant?: number
  /** Is told of every event that happens. */
  readonly fingerprint?: Fingerprint
}

/** A waiting event with all that decides its turn. */
export interface PendingEvent {
  readonly event: SimEvent
  readonly time: number
  readonly priority: number
  readonly source: number
  readonly sequence: number
}

/**
 * Serves events in the order (time, priority, source, sequence); the sequence counts every scheduling of a source, so that
 * the order does not depend on what other sources do.
 *
 * Scheduling and serving share all of its state and are inlined into each other, hence one file of more than 300 lines, and
 * fields that are private by type alone: V8's budget for inlining is spent sooner on the other kind.
 */
export class EventQueue {
  readonly maxAtOneInstant: number
  /** The hash of all events that have happened, where one was asked for. */
  readonly fingerprint: Fingerprint | undefined
  private ladder: LadderQueue
  /** The event of each slot: it waits, or it keeps the slot from the last time, until slots are scarce or it has long not waited. */
  private events: (SimEvent | undefined)[] = []
  /** How often each source has scheduled. */
  private counts: number[] = [0]
  /** Events that were served since slots were last taken back. */
  private served = 0
  /** Whether less than an eighth of the memory was in use then. */
  private lean = false
  private present = 0
  private servedNow = 0
  /** Of no meaning: what it is calculated from is to be read. */
  private touched = 0
  private watcher: ((event: SimEvent, time: number) => void) | undefined = undefined
  /** Whether there is a fingerprint or a watch. */
  private observed: boolean

  /** @throws HostbridgeError `time.limit` for a `maxAtOneInstant` below 1. */
  constructor(options: EventQueueOptions = {}) {
    const { maxAtOneInstant = 1e6 } = options
    if (!(maxAtOneInstant >= 1)) throw noLimit(maxAtOneInstant)
    this.maxAtOneInstant = maxAtOneInstant
    this.fingerprint = options.fingerprint
    this.observed = options.fingerprint !== undefined
    this.ladder = this.newLadder()
  }

  /** Is told of every event before it happens; for traces. */
  get watch(): ((event: SimEvent, time: number) => void) | undefined {
    return this.watcher
  }

  set watch(watch: ((event: SimEvent, time: number) => void) | undefined) {
    this.watcher = watch
    this.observed = watch !== undefined || this.fingerprint !== undefined
  }

  /** The present instant, in ticks. */
  get now(): number {
    return this.present
  }

  /** The number of waiting events. */
  get size(): number {
    return this.ladder.size
  }

  /** The number of waiting events that there is memory for; a queue gives most of it back that uses little for long. */
  get capacity(): number {
    return this.ladder.capacity
  }

  /** When the first waiting event happens, `Infinity` when none waits. */
  nextTick(): number {
    return this.ladder.earliest
  }

  /** When the event with this handle happens; for {@link SimEvent.time}. */
  timeOf(slot: number): number {
    return this.ladder.timeOf(slot)
  }

  /** Which scheduling of its source the event with this handle is; for {@link SimEvent.sequence}. */
  sequenceOf(slot: number): number {
    return this.ladder.sequenceOf(slot)
  }

  /**
   * Lets `event` happen at `time`, in ticks.
   *
   * @throws HostbridgeError `time.tick` for what is no whole tick, `time.past` for a time before now, `time.scheduled` when
   * the event waits already.
   */
  schedule(event: SimEvent, time: number): void {
    if (!(time >= this.present && time <= LAST && Math.floor(time) === time && event.slot < 0)) this.refuse(event, time)
    this.place(event, time, this.takeSequence(event.rank & 0xffff))
  }

  /**
   * Lets `event` happen at `time` in the turn of a sequence number that was taken before: by the queue whose state is
   * restored, or by the queue of the domain that the event comes from. Two events of one source have never the same.
   *
   * @throws HostbridgeError as {@link schedule}.
   */
  scheduleAs(event: SimEvent, time: number, sequence: number): void {
    if (!(time >= this.present && time <= LAST && Math.floor(time) === time && event.slot < 0)) this.refuse(event, time)
    this.place(event, time, sequence)
  }

  /** Counts a scheduling of `source` that another queue is to make by {@link scheduleAs}; returns its sequence number. */
  takeSequence(source: number): number {
    const sequence = this.counts[source] ?? 0
    this.counts[source] = sequence + 1
    return sequence
  }

  /** How often each source has scheduled: with {@link pending}, all that a saved queue consists of. */
  get sequences(): readonly number[] {
    return Array.from(this.counts, (sequence) => sequence ?? 0)
  }

  /** The waiting events in the order in which they would happen; costs O(n log n). */
  pending(): PendingEvent[] {
    const { ladder, events } = this
    const { floats } = ladder
    const pending: PendingEvent[] = []
    for (const slot of ladder.sortedEntries()) {
      const event = events[slot] as SimEvent
      const { rank } = event
      const time = floats[slot << 1] as number
      const sequence = floats[(slot << 1) + 1] as number
      pending.push({ event, time, priority: rank >> 16, source: rank & 0xffff, sequence })
    }
    return pending
  }

  /** Takes `event` back; returns whether it was waiting here. */
  deschedule(event: SimEvent): boolean {
    if (event.slot < 0 || event.queue !== this) return false
    this.ladder.remove(event.slot)
    event.slot = kept(event.slot)
    return true
  }

  /**
   * Lets `event` happen at `time` and not when it was to happen, as if it was scheduled for the first time now.
   *
   * @throws HostbridgeError `time.tick` and `time.past` as {@link schedule}, `time.scheduled` when it waits in another queue.
   */
  reschedule(event: SimEvent, time: number): void {
    if (event.slot < 0 || event.queue !== this) {
      this.schedule(event, time)
      return
    }
    if (!(time >= this.present && time <= LAST && Math.floor(time) === time)) this.checkTime(time, event.name)
    this.ladder.change(event.slot, time, this.takeSequence(event.rank & 0xffff))
  }

  /**
   * Moves on to the first waiting event and runs its action; returns the event, or `undefined` when none waits.
   *
   * An error of the action passes through; the event has happened then.
   *
   * @throws HostbridgeError `time.livelock` when too many events were served at one instant; the event still waits, and the
   *   count begins anew.
   */
  serviceOne(): SimEvent | undefined {
    const ladder = this.ladder
    const time = ladder.earliest
    if (time === this.present) {
      if (++this.servedNow > this.maxAtOneInstant) this.stopLivelock()
    } else {
      if (time === Number.POSITIVE_INFINITY) return undefined
      this.present = time
      this.servedNow = 1
    }
    const slot = ladder.takeFirst()
    const event = this.events[slot] as SimEvent
    event.slot = -2 - slot
    if (this.observed === true) this.observe(event, time, ladder.sequenceOf(slot))
    event.action(event)
    return event
  }

  /**
   * Moves on to `time`, before which nothing waits.
   *
   * @throws HostbridgeError `time.tick` for what is no whole tick, `time.past` for a time before now, `time.skips` when an
   * event waits for an earlier time.
   */
  advanceTo(time: number): void {
    this.checkTime(time, 'the queue')
    if (time > this.nextTick()) {
      throw skipsAnEvent(this.events[this.ladder.first] as SimEvent, time)
    }
    if (time === this.present) return
    this.present = time
    this.servedNow = 0
  }

  /**
   * Forgets every waiting event and sets the present instant, which may lie in the past, and how often each source has
   * scheduled, which stays as it is if left out: for restoring a saved state.
   *
   * @throws HostbridgeError `time.tick` for what is no whole tick.
   */
  reset(now = 0, sequences: readonly number[] = this.counts): void {
    if (!Number.isInteger(now) || now < 0 || now > LAST_TICK) throw notATick(now)
    for (const event of this.waiting()) event.slot = kept(event.slot)
    this.ladder.clear()
    this.takeBack()
    this.present = now
    this.servedNow = 0
    this.counts = sequences.slice()
  }

  /** Says why an event cannot be scheduled. */
  private refuse(event: SimEvent, time: number): never {
    this.checkTime(time, event.name)
    throw alreadyScheduled(event, time)
  }

  private observe(event: SimEvent, time: number, sequence: number): void {
    if (this.fingerprint !== undefined) this.fingerprint.add(event, time, sequence)
    if (this.watcher !== undefined) this.watcher(event, time)
  }

  private checkTime(time: number, who: string): void {
    if (!Number.isInteger(time) || time > LAST_TICK) throw notATick(time)
    if (time < this.present) throw inThePast(who, time, this.present)
  }

  /** Puts an event into its slot, which it has kept or is given. */
  private place(event: SimEvent, time: number, sequence: number): void {
    if (event.slot >= -1 || event.queue !== this) this.giveSlot(event)
    const slot = -2 - event.slot
    event.slot = slot
    this.ladder.put(slot, time, sequence)
  }

  private giveSlot(event: SimEvent): void {
    if (this.lean) this.shrink()
    else if (this.ladder.full) this.makeRoom()
    const slot = this.ladder.take(event.rank)
    this.events[slot] = event
    event.slot = kept(slot)
    if (event.queue !== this) event.queue = this
  }

  private newLadder(): LadderQueue {
    const ladder = new LadderQueue(this.present)
    ladder.turned = (taken, slots, end) => this.lookAfter(taken, slots, end)
    return ladder
  }

  /** Takes slots back now and then, so that no event that is over is held for long, and reads ahead where many events wait. */
  private lookAfter(taken: number, slots: readonly number[], end: number): void {
    const { capacity, size } = this.ladder
    this.served += taken
    if (this.served > 4 * capacity) {
      this.takeBack()
      this.lean = capacity > SPARE && size < capacity >> 3
    }
    if (size > MANY) this.touch(slots, end)
  }

  /** Takes slots back; where few are to be had, there is to be room for more. */
  private makeRoom(): void {
    const { capacity } = this.ladder
    if (this.takeBack() < capacity >> 2) this.ladder.grow()
  }

  /** Takes the slots of the events back that do not wait here; returns how many. */
  private takeBack(): number {
    const events = this.events
    let count = 0
    for (let slot = 0; slot < events.length; slot++) {
      const event = events[slot]
      if (event === undefined) continue
      if (event.queue === this) {
        if (event.slot === slot) continue
        if (event.slot === kept(slot)) event.slot = -1
      }
      events[slot] = undefined
      this.ladder.release(slot)
      count++
    }
    this.served = 0
    return count
  }

  /** Moves the waiting events into a ladder of their number. */
  private shrink(): void {
    this.lean = false
    this.takeBack()
    const [ladder, events] = [this.ladder, this.events]
    this.ladder = this.newLadder()
    this.events = []
    for (const slot of ladder.sortedEntries()) {
      this.place(events[slot] as SimEvent, ladder.timeOf(slot), ladder.sequenceOf(slot))
    }
  }

  /** Reads the events that come next and their actions' addresses: nothing waits for them yet, so that cache misses overlap. */
  private touch(slots: readonly number[], end: number): void {
    const events = this.events
    let touched = this.touched
    for (let at = 0; at < end; at++) {
      const event = events[slots[at] as number] as SimEvent
      if (typeof event.action === 'function') touched = (touched + event.rank) | 0
    }
    this.touched = touched
  }

  private waiting(): SimEvent[] {
    return Array.from(this.ladder.entries(), (slot) => this.events[slot] as SimEvent)
  }

  private stopLivelock(): never {
    const served = this.servedNow - 1
    this.servedNow = 0
    throw livelock(
      this.present,
      served,
      this.waiting().filter(({ time }) => time === this.present),
    )
  }
}
