import { HostbridgeError } from '../errors.ts'
import { Clock } from './clock.ts'
import { SimEvent, type SimEventOptions } from './event.ts'
import type { EventQueue } from './event-queue.ts'

export interface PTimerOptions extends SimEventOptions {
  /** Ticks between two triggers of a periodic timer at least, 10 µs if left out: a guest cannot keep a machine at one instant. */
  readonly leastPeriod?: number
}

export interface PTimerState {
  readonly limit: number
  readonly count: number
  readonly mode: 'stopped' | 'periodic' | 'one-shot'
  readonly num: number
  readonly den: number
  readonly start: number
  readonly target: number
}

/**
 * A down-counter as timer chips have it: it counts from its value to 0, triggers, and stops or begins anew from its limit.
 *
 * The value is calculated from virtual time whenever it is read. What it does is that of QEMU's ptimer
 * (include/hw/ptimer.h) in these points: `setLimit` takes effect at the next reload unless it is told to reload; starting at 0, or
 * setting a running counter to 0, triggers and reloads; a running counter with limit 0 or without a period stops; changes
 * inside a transaction are looked at together, when it ends. The value that is read is the real one, and a change of
 * frequency keeps it (there, the default is one less).
 */
export class PTimer {
  /** What waits in the queue; a device owns it like an event of its own. */
  readonly event: SimEvent
  readonly #queue: EventQueue
  readonly #trigger: () => void
  readonly #leastPeriod: number
  #limit = 0
  /** The value while it does not run. */
  #count = 0
  #mode: PTimerState['mode'] = 'stopped'
  /** The period of a count in ticks; 0 is none. */
  #num = 0
  #den = 1
  /** Counts while it runs; its edge 0 is where the run, or the last change of it, began. */
  #clock: Clock | undefined
  /** The edge at which the value is 0. */
  #target = 0
  #depth = 0
  #changed = false
  #triggering = false

  /** @throws HostbridgeError `time.ptimer` for a `leastPeriod` that is no whole number of 0 or more. */
  constructor(queue: EventQueue, trigger: () => void, options: PTimerOptions = {}) {
    const { leastPeriod = 10_000, ...rest } = options
    this.#queue = queue
    this.#trigger = trigger
    this.#leastPeriod = Math.max(1, leastPeriod)
    this.event = new SimEvent(() => this.#expire(), { name: trigger.name || 'ptimer', ...rest })
    this.#check('least period', leastPeriod)
  }

  get running(): boolean {
    return this.#mode !== 'stopped'
  }

  get limit(): number {
    return this.#limit
  }

  /** The value now. */
  get count(): number {
    return this.#clock === undefined ? this.#count : Math.max(0, this.#target - this.#clock.lastEdgeBy(this.#queue.now))
  }

  /** Does several changes as one: what they lead to happens at the end. */
  transaction(change: () => void): void {
    this.#depth++
    try {
      change()
    } finally {
      if (--this.#depth === 0) this.#commit()
    }
  }

  /** @throws HostbridgeError `time.ptimer` for what is no whole number of 0 or more. */
  setCount(count: number): void {
    this.#check('value', count)
    this.#change(() => {
      this.#count = count
    })
  }

  /** @throws HostbridgeError `time.ptimer` for what is no whole number of 0 or more. */
  setLimit(limit: number, reload = false): void {
    this.#check('limit', limit)
    this.#change(() => {
      this.#limit = limit
      if (reload) this.#count = limit
    })
  }

  /**
   * Sets the period of one count to `num / den` ticks; 0 is no period, and stops the timer.
   *
   * @throws HostbridgeError `time.clock` for a period that is none.
   */
  setPeriod(num: number, den = 1): void {
    // What cannot be a clock is refused before anything has changed.
    new Clock(num === 0 ? 1 : num, den)
    this.#change(() => {
      this.#num = num
      this.#den = den
    })
  }

  /** Sets how often it counts in a second; 0 stops the timer. @throws HostbridgeError `time.clock` for what is not whole. */
  setFrequency(hertz: number): void {
    this.setPeriod(hertz === 0 ? 0 : 1_000_000_000, hertz === 0 ? 1 : hertz)
  }

  /** Begins to count, or changes the mode of a timer that counts. */
  run(oneShot = false): void {
    this.#change(() => {
      this.#mode = oneShot ? 'one-shot' : 'periodic'
    })
  }

  /** Stops; the value stays what it is. */
  stop(): void {
    this.#change(() => {
      this.#mode = 'stopped'
    })
  }

  save(): PTimerState {
    const [limit, count, mode, num, den] = [this.#limit, this.#count, this.#mode, this.#num, this.#den]
    return { limit, count, mode, num, den, start: this.#clock?.start ?? 0, target: this.#target }
  }

  restore(state: PTimerState): void {
    this.#limit = state.limit
    this.#count = state.count
    this.#mode = state.mode
    this.#num = state.num
    this.#den = state.den
    this.#target = state.target
    this.#clock = this.running ? this.#clockFrom(state.start) : undefined
    this.#arm()
  }

  #change(change: () => void): void {
    this.transaction(() => {
      if (!this.#changed) {
        // From here on the value stands still, until the transaction ends.
        this.#changed = true
        this.#count = this.count
        this.#clock = undefined
      }
      change()
    })
  }

  #check(what: string, value: number): void {
    if (Number.isInteger(value) && value >= 0) return
    const message = `'${this.event.name}' cannot have a ${what} of ${value}: give a whole number of 0 or more`
    throw new HostbridgeError('time.ptimer', message, { timer: this.event.name, what, value })
  }

  #commit(): void {
    if (!this.#changed) return
    this.#changed = false
    const due = this.running && this.#count === 0 && this.#num > 0
    if (due && this.#triggering) {
      // It runs out while it is told that it has: the next turn is the queue's, which says so when there is no end to it.
      this.#clock = this.#clockFrom(this.#queue.now)
      this.#target = 0
      this.#arm()
      return
    }
    if (due) {
      this.#count = this.#limit
      if (this.#mode === 'one-shot') this.#mode = 'stopped'
    }
    if (this.#count === 0 || this.#num === 0) this.#mode = 'stopped'
    if (this.running) {
      this.#clock = this.#clockFrom(this.#queue.now)
      this.#target = this.#count
    }
    this.#arm()
    if (due) this.#tell()
  }

  #clockFrom(start: number): Clock {
    const tooFast = this.#mode === 'periodic' && this.#limit * this.#num < this.#leastPeriod * this.#den
    return tooFast && this.#limit > 0
      ? new Clock(this.#leastPeriod, this.#limit, start)
      : new Clock(this.#num, this.#den, start)
  }

  #arm(): void {
    const tick = this.#clock === undefined ? Number.POSITIVE_INFINITY : this.#clock.edgeOrNever(this.#target)
    if (tick === Number.POSITIVE_INFINITY) this.#queue.deschedule(this.event)
    else this.#queue.reschedule(this.event, Math.max(tick, this.#queue.now))
  }

  #expire(): void {
    if (this.#mode === 'one-shot' || this.#limit === 0) {
      this.#mode = 'stopped'
      this.#clock = undefined
      this.#count = 0
    } else {
      this.#target += this.#limit
      this.#arm()
    }
    this.#tell()
  }

  #tell(): void {
    this.#triggering = true
    try {
      this.#trigger()
    } finally {
      this.#triggering = false
    }
  }
}
