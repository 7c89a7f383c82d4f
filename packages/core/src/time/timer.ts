import { SimEvent, type SimEventOptions } from './event.ts'
import type { EventQueue } from './event-queue.ts'
import { LAST_TICK, notATick } from './tick.ts'

/**
 * A one-shot timer as devices use them: set to an instant, set anew, or deleted.
 *
 * What a guest writes becomes no error: an instant that has passed expires now, after what waits for now already
 * (QEMU's `timer_mod` and its relatives, include/qemu/timer.h).
 */
export class Timer {
  /** What waits in the queue; a device owns it like an event of its own. */
  readonly event: SimEvent
  readonly #queue: EventQueue

  constructor(queue: EventQueue, action: () => void, options: SimEventOptions = {}) {
    this.#queue = queue
    this.event = new SimEvent(() => action(), { name: action.name || 'timer', ...options })
  }

  /** Whether it is set and has not expired. */
  get pending(): boolean {
    return this.event.scheduled
  }

  /** When it expires, in ticks; -1 while it is not set. */
  get expire(): number {
    return this.pending ? this.event.time : -1
  }

  /** Sets it to expire at `time`, in ticks, and not when it was to. @throws HostbridgeError `time.tick` past the end of time. */
  mod(time: number): void {
    if (!(time <= LAST_TICK)) throw notATick(time)
    this.#queue.reschedule(this.event, Math.max(time, this.#queue.now))
  }

  /** As {@link mod}, but only to bring the expiry forward. */
  modAnticipate(time: number): void {
    if (!this.pending || time < this.expire) this.mod(time)
  }

  /** Unsets it; it does not expire then. */
  del(): void {
    this.#queue.deschedule(this.event)
  }
}
