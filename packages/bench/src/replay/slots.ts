import { RUN_LANES } from '@hostbridge/core/iommu'

/** Runs of one slot unless told: 2 MiB, which stays in a core's cache from the worker's writes to the delivery's reads. */
export const DEFAULT_SLOT_RUNS: number = 2 ** 16

/** How far the shard in a slot has come, for the one who has to say which shard a dead worker was at. */
export const SlotState = { waiting: 0, walking: 1, walked: 2 } as const

const STATE_BYTES = 4

/** The runs of slot `slot` in the memory that {@link Slots} made; for any thread. */
export function slotRunsOf(buffer: SharedArrayBuffer, slotRuns: number, slot: number): Float64Array {
  return new Float64Array(buffer, slot * bytesOf(slotRuns), slotRuns * RUN_LANES)
}

/** The states of all slots, behind their runs. */
export function slotStatesOf(buffer: SharedArrayBuffer, slotRuns: number): Int32Array {
  const slots = buffer.byteLength / (bytesOf(slotRuns) + STATE_BYTES)
  return new Int32Array(buffer, slots * bytesOf(slotRuns), slots)
}

function bytesOf(slotRuns: number): number {
  return slotRuns * RUN_LANES * Float64Array.BYTES_PER_ELEMENT
}

/**
 * Shared memory in which shards leave their runs: as many slots as shards may be under way, each of a fixed size.
 *
 * Workers write runs where the delivery reads them. A returned array would be copied twice by structured clone (32 bytes a
 * run), and a transferred one would be fresh memory, to be zeroed and faulted in, for each shard.
 */
export class Slots {
  readonly buffer: SharedArrayBuffer
  readonly slotRuns: number
  readonly #runs: readonly Float64Array[]
  readonly #states: Int32Array
  readonly #free: number[]

  constructor(count: number, slotRuns: number) {
    this.buffer = new SharedArrayBuffer(count * (bytesOf(slotRuns) + STATE_BYTES))
    this.slotRuns = slotRuns
    this.#states = slotStatesOf(this.buffer, slotRuns)
    this.#runs = Array.from({ length: count }, (_, slot) => slotRunsOf(this.buffer, slotRuns, slot))
    this.#free = Array.from(this.#runs.keys())
  }

  /** Takes a slot that nobody has; `undefined` where there is none. */
  take(): number | undefined {
    return this.#free.pop()
  }

  give(slot: number): void {
    this.#free.push(slot)
  }

  runs(slot: number): Float64Array {
    return this.#runs[slot] as Float64Array
  }

  /** Forgets what the last shard in a slot has come to. */
  clear(slot: number): void {
    Atomics.store(this.#states, slot, SlotState.waiting)
  }

  state(slot: number): number {
    return Atomics.load(this.#states, slot)
  }
}
