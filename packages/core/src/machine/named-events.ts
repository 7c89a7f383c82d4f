import { HostbridgeError } from '../errors.ts'
import { SimEvent, type SimEventOptions } from '../time/event.ts'

/** The events of one owner by key: how a saved machine names what waits, so that a restored one finds it again. */
export class NamedEvents implements Iterable<[key: string, event: SimEvent]> {
  readonly #owner: string
  readonly #events = new Map<string, SimEvent>()

  /** `owner` stands in messages, and before the key in the names of events. */
  constructor(owner: string) {
    this.#owner = owner
  }

  get size(): number {
    return this.#events.size
  }

  get(key: string): SimEvent | undefined {
    return this.#events.get(key)
  }

  /** Makes an event; its name is owner and key unless told. @throws HostbridgeError `machine.event-taken`. */
  make(key: string, action: (event: SimEvent) => void, options: SimEventOptions = {}): SimEvent {
    const event = new SimEvent(action, { name: `${this.#owner} ${key}`, ...options })
    this.add(key, event)
    return event
  }

  /** Takes in an event that somebody else has made, such as a timer's. @throws HostbridgeError `machine.event-taken`. */
  add(key: string, event: SimEvent): void {
    if (this.#events.has(key)) {
      throw new HostbridgeError(
        'machine.event-taken',
        `'${this.#owner}' cannot have a second event '${key}': give it another key, or drop the first`,
        { owner: this.#owner, key },
      )
    }
    this.#events.set(key, event)
  }

  /** Forgets an event, which no longer waits then. */
  drop(key: string): void {
    const event = this.#events.get(key)
    event?.queue?.deschedule(event)
    this.#events.delete(key)
  }

  /** Takes back every event that waits. */
  cancelAll(): void {
    for (const event of this.#events.values()) event.queue?.deschedule(event)
  }

  /** {@link drop}s all events. */
  dropAll(): void {
    this.cancelAll()
    this.#events.clear()
  }

  /** Gives every event with its key, in the order of their making. */
  forEachEvent(visit: (event: SimEvent, key: string) => void): void {
    this.#events.forEach(visit)
  }

  [Symbol.iterator](): IterableIterator<[key: string, event: SimEvent]> {
    return this.#events[Symbol.iterator]()
  }
}
