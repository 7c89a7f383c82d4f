import { HostbridgeError } from '../errors.ts'
import type { Clock } from './clock.ts'
import { SimEvent, type SimEventOptions } from './event.ts'
import type { EventQueue } from './event-queue.ts'

/**
 * Something that happens at every edge of a clock, without drift. Edges that fall on one tick are one happening; at the end
 * of virtual time it ends.
 */
export class RecurringEvent {
  readonly clock: Clock
  /** What waits in the queue; a device owns it like an event of its own. */
  readonly event: SimEvent
  readonly #queue: EventQueue

  /** `action` is given the number of the edge; it may stop the recurrence. */
  constructor(queue: EventQueue, clock: Clock, action: (edge: number) => void, options: SimEventOptions = {}) {
    this.clock = clock
    this.#queue = queue
    this.event = new SimEvent(
      () => {
        const edge = clock.lastEdgeBy(queue.now)
        this.#scheduleEdge(edge + 1)
        action(edge)
      },
      { name: action.name || 'recurring', ...options },
    )
  }

  get running(): boolean {
    return this.event.scheduled
  }

  /** The number of the edge that it waits for, which its action is given; -1 while it is stopped. */
  get edge(): number {
    return this.running ? this.clock.lastEdgeBy(this.event.time) : -1
  }

  /**
   * Begins with the first edge that is not before now, or with a later one; starts anew if it runs.
   *
   * @throws HostbridgeError `time.edge` for what is no number of an edge, `time.past` for an edge before now.
   */
  start(edge: number = this.clock.lastEdgeBy(this.#queue.now - 1) + 1): void {
    if (!Number.isSafeInteger(edge) || edge < 0) {
      const message = `'${this.event.name}' cannot begin with edge ${edge}: give a whole number of 0 or more`
      throw new HostbridgeError('time.edge', message, { event: this.event.name, edge })
    }
    this.stop()
    this.#scheduleEdge(edge)
  }

  stop(): void {
    this.#queue.deschedule(this.event)
  }

  #scheduleEdge(edge: number): void {
    const tick = this.clock.edgeOrNever(edge)
    if (tick !== Number.POSITIVE_INFINITY) this.#queue.schedule(this.event, tick)
  }
}
