import type { SimEvent } from './event.ts'

/** The state of a {@link Fingerprint}, as data: its two lanes and the number of events. */
export interface FingerprintState {
  readonly lanes: readonly [number, number]
  readonly events: number
}

const FIRST = 0x2545f491
const SECOND = 0x6a09e667

/** Brings the upper bits of a time down. */
const HIGH_WORD = 2 ** -32

/**
 * A hash of a sequence of events: of each its time, priority, source, sequence and name, and of all of them the order.
 *
 * Two lanes of 32 bits, so that no arithmetic leaves the integers of the processor. It tells runs apart that differ by
 * accident; it is no defence against somebody who looks for a second run with the same hash.
 */
export class Fingerprint {
  readonly #lanes = Int32Array.of(FIRST, SECOND)
  #events = 0

  /** How many events it has seen. */
  get events(): number {
    return this.#events
  }

  /** Adds an event that happens at `time` and was the `sequence`-th of its source. */
  add(event: SimEvent, time: number, sequence: number): void {
    this.addNumbers(time, event.rank, sequence, event.nameHash)
  }

  /** Adds what an event is made of; also for what is no event but belongs into the hash. */
  addNumbers(time: number, rank: number, sequence: number, nameHash: number): void {
    const lanes = this.#lanes
    // The products of one event do not wait for those of the one before; each lane waits for one product only.
    const early = Math.imul(time, 0x9e3779b1) + Math.imul(sequence, 0x85ebca77)
    const late = Math.imul((time * HIGH_WORD) | 0, 0xc2b2ae3d) + Math.imul(nameHash ^ rank, 0x27d4eb2f)
    const first = Math.imul((lanes[0] as number) ^ (early + late), 0x165667b1)
    const second = Math.imul((lanes[1] as number) ^ (early - (late << 7) + rank), 0x1b873593)
    lanes[0] = first ^ (first >>> 15)
    lanes[1] = second ^ (second >>> 13)
    this.#events++
  }

  /** Sixteen hexadecimal digits, of the order and of the number of events. */
  toString(): string {
    const [first, second] = this.#lanes as unknown as [number, number]
    const one = finish(first ^ Math.imul(second, 0x9e3779b1) ^ this.#events)
    return hex(one) + hex(finish(second ^ Math.imul(one, 0x85ebca77)))
  }

  save(): FingerprintState {
    return { lanes: [this.#lanes[0] as number, this.#lanes[1] as number], events: this.#events }
  }

  restore({ lanes, events }: FingerprintState): void {
    this.#lanes.set(lanes)
    this.#events = events
  }

  /** Begins anew, as before the first event. */
  reset(): void {
    this.restore({ lanes: [FIRST, SECOND], events: 0 })
  }
}

/** FNV-1a of the UTF-16 code units of a text, as a signed number of 32 bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash
}

/** Spreads every bit of a lane over all of them. */
function finish(lane: number): number {
  const half = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b)
  const whole = Math.imul(half ^ (half >>> 13), 0xc2b2ae35)
  return whole ^ (whole >>> 16)
}

function hex(lane: number): string {
  return (lane >>> 0).toString(16).padStart(8, '0')
}
