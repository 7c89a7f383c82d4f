import { HostbridgeError } from '../errors.ts'
import type { Ring, RingMessage } from './ring.ts'

/**
 * The messages from one domain to another: in the ring, and while that is full, behind it in the sender's own memory.
 *
 * A full ring holds back neither virtual time nor its sender: the windows' end waits until all has passed through it. What
 * its size decides is how often.
 */
export class Outbox {
  readonly #from: string
  readonly #to: string
  readonly #ring: Ring
  #backlog: RingMessage[] = []
  /** The earliest arrival among the messages since the last {@link publish}. */
  #earliest = Number.POSITIVE_INFINITY

  constructor(from: string, to: string, ring: Ring) {
    this.#from = from
    this.#to = to
    this.#ring = ring
  }

  /** @throws HostbridgeError `lockstep.message-size`. */
  send(message: RingMessage): void {
    if (message.payload.length > this.#ring.longestPayload) throw this.#tooLong(message.payload.length)
    if (message.time < this.#earliest) this.#earliest = message.time
    if (this.#backlog.length > 0 || !this.#ring.push(message)) {
      this.#backlog.push({ ...message, payload: message.payload.slice() })
    }
  }

  /**
   * Moves the backlog on as far as the ring has room, and lets the receiver see the ring after the window's barrier.
   * Returns the earliest arrival of what it sees then for the first time, `Infinity` where that is nothing.
   */
  publish(window: number): number {
    if (this.#backlog.length > 0) this.#moveOn()
    this.#ring.publish(window)
    const earliest = this.#earliest
    this.#earliest = Number.POSITIVE_INFINITY
    return earliest
  }

  /** Whether there is more than the ring could take. */
  get hasBacklog(): boolean {
    return this.#backlog.length > 0
  }

  #moveOn(): void {
    const backlog = this.#backlog
    let moved = 0
    for (let next = backlog[0]; next !== undefined && this.#ring.push(next); next = backlog[++moved]) {
      this.#earliest = Math.min(this.#earliest, next.time)
    }
    this.#backlog = backlog.slice(moved)
  }

  #tooLong(length: number): HostbridgeError {
    const { capacity, longestPayload } = this.#ring
    return new HostbridgeError(
      'lockstep.message-size',
      `a message of ${length} bytes from '${this.#from}' to '${this.#to}' does not go through their ring of ${capacity} ` +
        `bytes: send at most ${longestPayload} bytes at once, or raise the plan's ringBytes`,
      { from: this.#from, to: this.#to, length, longestPayload },
    )
  }
}
