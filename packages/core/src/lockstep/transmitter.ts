import { HostbridgeError } from '../errors.ts'
import { LAST_TICK } from '../time/tick.ts'

/** A message that has not left yet, with the tick at which its last bit does. */
interface Waiting {
  readonly leaves: number
  readonly bytes: number
}

export interface TransmitterState {
  readonly end: number
  readonly rest: number
  readonly waiting: readonly Waiting[]
}

/**
 * When what is sent over a wire of a bandwidth has left, one message after the other.
 *
 * Exact: within a busy period the fractions of a tick are carried from message to message, so that nothing drifts; a last bit
 * that leaves between two ticks has left at the second. What waits, the message that is leaving included, is bounded.
 */
export class Transmitter {
  readonly capacity: number
  /** Ticks a byte takes: `#ticks / #bytes`, without a common divisor. */
  readonly #ticks: number
  readonly #bytes: number
  /** When the wire is free: `#end` and `#rest / #bytes`. */
  #end = 0
  #rest = 0
  #waiting: Waiting[] = []
  #used = 0

  /**
   * `capacity` is how many bytes may wait.
   *
   * @throws HostbridgeError `lockstep.bandwidth` for a bandwidth at which they could not be counted exactly.
   */
  constructor(bitsPerSecond: bigint, capacity: number) {
    this.capacity = capacity
    const divisor = bitsPerSecond > 0n ? gcd(8_000_000_000n, bitsPerSecond) : 1n
    this.#ticks = Number(8_000_000_000n / divisor)
    this.#bytes = Number(bitsPerSecond / divisor)
    if (bitsPerSecond > 0n && capacity > 0 && capacity * this.#ticks + this.#bytes <= LAST_TICK) return
    const message =
      `a wire cannot have ${bitsPerSecond} bits a second and let ${capacity} bytes wait: give it 1 or more of both, and ` +
      'a bandwidth with more zeros or a shorter queue'
    throw new HostbridgeError('lockstep.bandwidth', message, { bitsPerSecond, capacity })
  }

  /** Takes a message at an instant, if there is room for it; returns the tick at which its last bit leaves. */
  offer(now: number, bytes: number): number | undefined {
    this.#dropLeft(now)
    if (this.#used + bytes > this.capacity) return undefined
    if (this.#leaves() <= now) {
      this.#end = now
      this.#rest = 0
    }
    const parts = this.#rest + bytes * this.#ticks
    const whole = Math.floor(parts / this.#bytes)
    this.#rest = parts - whole * this.#bytes
    this.#end += whole
    const leaves = this.#leaves()
    this.#waiting.push({ leaves, bytes })
    this.#used += bytes
    return leaves
  }

  /** The tick at which there is room for so many bytes, if nobody else takes it; at most {@link capacity}. */
  roomAt(now: number, bytes: number): number {
    this.#dropLeft(now)
    let used = this.#used
    if (used + bytes <= this.capacity) return now
    for (const { leaves, bytes: left } of this.#waiting) {
      used -= left
      if (used + bytes <= this.capacity) return leaves
    }
    return this.#leaves()
  }

  save(): TransmitterState {
    return { end: this.#end, rest: this.#rest, waiting: [...this.#waiting] }
  }

  restore({ end, rest, waiting }: TransmitterState): void {
    this.#end = end
    this.#rest = rest
    this.#waiting = [...waiting]
    this.#used = waiting.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  #leaves(): number {
    return this.#rest > 0 ? this.#end + 1 : this.#end
  }

  #dropLeft(now: number): void {
    let left = 0
    for (let next = this.#waiting[0]; next !== undefined && next.leaves <= now; next = this.#waiting[++left]) {
      this.#used -= next.bytes
    }
    if (left > 0) this.#waiting = this.#waiting.slice(left)
  }
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b)
}
