import { HostbridgeError } from '@hostbridge/core'
import { us } from '@hostbridge/core/time'

/** What a traffic engine is like, whatever job it does. */
export interface TrafficEngineOptions {
  /** For messages; `traffic-engine` unless told. */
  readonly name?: string
  /** Requests that can be under way at once, 1 to 1024; 64 unless told. */
  readonly slots?: number
  /** Ticks from the end of a request's transfer to its completion; 1 µs unless told. */
  readonly latency?: bigint
  /** Up to so many ticks more, different for each request, so that they overtake each other; 0 unless told. */
  readonly jitter?: number
  /** Bytes a second that its link carries, one request after the other; 16 GB/s unless told. */
  readonly linkBytesPerSecond?: number
}

/** {@link TrafficEngineOptions} with nothing left open. */
export interface TrafficEngineShape {
  readonly name: string
  readonly slots: number
  /** Ticks. */
  readonly latency: number
  readonly jitter: number
  readonly linkBytesPerSecond: number
}

/** @throws HostbridgeError `endpoints.traffic` for options that no engine has. */
export function shapeOf(options: TrafficEngineOptions): TrafficEngineShape {
  const { name = 'traffic-engine', slots = 64, latency = us, jitter = 0, linkBytesPerSecond = 16_000_000_000 } = options
  check(name, Number.isInteger(slots) && slots >= 1 && slots <= 1024, `${slots} slots: give it 1 to 1024`)
  check(name, latency >= 0n && latency <= 2n ** 52n, `a latency of ${latency} ticks: give it 0 to 2^52`)
  check(name, jitter >= 0 && jitter <= 2 ** 32, `a jitter of ${jitter} ticks: give it 0 to 2^32`)
  check(name, linkBytesPerSecond >= 1, `a link of ${linkBytesPerSecond} bytes a second: give it 1 or more`)
  return { name, slots, latency: Number(latency), jitter, linkBytesPerSecond }
}

function check(name: string, good: boolean, what: string): void {
  if (!good) throw new HostbridgeError('endpoints.traffic', `'${name}' cannot have ${what}`, { device: name })
}
