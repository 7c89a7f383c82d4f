import { HostbridgeError } from '../errors.ts'
import type { SimEvent, SimEventOptions } from '../time/event.ts'
import { NamedEvents } from './named-events.ts'

/**
 * The events that a machine's composer has made: those with a key, and those that were scheduled before the machine first
 * ran, which composing it anew makes again in the same order. What comes later is one-off.
 */
export class ComposedEvents {
  readonly #named: NamedEvents
  readonly #numbered: NamedEvents
  #composing = true

  constructor(machine: string) {
    this.#named = new NamedEvents(machine)
    this.#numbered = new NamedEvents(machine)
  }

  /** @throws HostbridgeError `machine.event-taken`. */
  make(key: string, action: (event: SimEvent) => void, options?: SimEventOptions): SimEvent {
    checkKey(key)
    return this.#named.make(key, action, options)
  }

  /** Forgets an event with a key, which no longer waits then. */
  drop(key: string): void {
    this.#named.drop(key)
  }

  /** Notes a one-off event, if it is one that composing makes. */
  note(event: SimEvent): void {
    if (this.#composing) this.#numbered.add(numberedKey(this.#numbered.size, event), event)
  }

  /** The machine runs: it is composed. */
  end(): void {
    this.#composing = false
  }

  forEachEvent(visit: (event: SimEvent, key: string) => void): void {
    this.#named.forEachEvent(visit)
    this.#numbered.forEachEvent(visit)
  }
}

/** The key of the `number`-th event that the composer, or a device on its plug, has scheduled without one. */
export function numberedKey(number: number, event: SimEvent): string {
  return `at ${number} ${event.name.replaceAll('\n', ' ')}`
}

/** @throws HostbridgeError `machine.event-key`. */
export function checkKey(key: string): void {
  if (key !== '' && !key.includes('\n') && !key.startsWith('at ')) return
  throw new HostbridgeError(
    'machine.event-key',
    `an event cannot have the key ${JSON.stringify(key)}: it is one line, is not empty and does not begin with 'at '`,
    { key },
  )
}
