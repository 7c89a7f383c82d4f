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
  readonly #most: number
  #backlog: RingMessage[] = []
  /** Bytes of it. */
  #waiting = 0
  /** The earliest arrival among the messages since the last {@link publish}. */
  #earliest = Number.POSITIVE_INFINITY

  /** `most` is the bytes that the backlog may have. */
  constructor(from: string, to: string, ring: Ring, most: number) {
    this.#from = from
    this.#to = to
    this.#ring = ring
    this.#most = most
  }

  get longestPayload(): number {
    return this.#ring.longestPayload
  }

  /** @throws HostbridgeError `lockstep.message-size`, `lockstep.backlog`. */
  send(message: RingMessage): void {
    if (message.payload.length > this.#ring.longestPayload) throw this.#tooLong(message.payload.length)
    if (message.time < this.#earliest) this.#earliest = message.time
    if (this.#backlog.length > 0 || !this.#ring.push(message)) {
      const waiting = this.#waiting + bytesOf(message)
      if (waiting > this.#most) throw this.#tooMuch(message.time)
      this.#waiting = waiting
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
      this.#waiting -= bytesOf(next)
    }
    this.#backlog = backlog.slice(moved)
  }

  #tooMuch(time: number): HostbridgeError {
    return new HostbridgeError(
      'lockstep.backlog',
      `'${this.#from}' has sent more to '${this.#to}' in one window than the ${this.#most} bytes that may wait behind their ring: ` +
        "send less at once, or raise the plan's backlogBytes or ringBytes",
      { from: this.#from, to: this.#to, most: this.#most, time },
    )
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

/** What a message takes while it waits: its bytes, and as much as any takes besides. */
function bytesOf({ payload }: RingMessage): number {
  return payload.length + 128
}
