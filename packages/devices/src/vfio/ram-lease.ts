import { frameOf } from '@hostbridge/core/address'
import type { MappableRegion, SparseMemory } from '@hostbridge/core/memory'
import type { HostMemory } from './host-memory.ts'

/**
 * The guest RAM that one container keeps in its host's memory: taken when first mapped, given back when the container closes
 * or a change that took it is taken back. It stays while mappings come and go, so that a guest's put costs no new map; what
 * has left the guest goes by {@link keep}.
 */
export class RamLease {
  readonly #memory: HostMemory
  readonly #frames = new Map<SparseMemory, number>()
  readonly #order: SparseMemory[] = []
  #latest: SparseMemory | undefined
  #latestFrame = 0

  constructor(memory: HostMemory) {
    this.#memory = memory
  }

  /** The host's first page frame of a region's memory; `undefined` where the host has no addresses left for it. */
  frameOf(region: MappableRegion): number | undefined {
    const { memory } = region
    if (memory === this.#latest) return this.#latestFrame
    const frame = this.#frames.get(memory) ?? this.#take(region)
    if (frame !== undefined) {
      this.#latest = memory
      this.#latestFrame = frame
    }
    return frame
  }

  /** A point to go back to. */
  mark(): number {
    return this.#order.length
  }

  /** Gives back what was taken after `mark`; everything if it is 0. */
  backTo(mark: number): void {
    this.#latest = undefined
    for (const memory of this.#order.splice(mark)) {
      this.#frames.delete(memory)
      this.#memory.release(memory)
    }
  }

  /** Gives back what `isNeeded` denies, told the memory and its page frames in the host. Not while there is a mark to go back to. */
  keep(isNeeded: (memory: SparseMemory, first: number, frames: number) => boolean): void {
    const gone = [...this.#frames].filter(([memory, first]) => !isNeeded(memory, first, frameOf(memory.size - 1n) + 1))
    for (const [memory] of gone) {
      this.#latest = undefined
      this.#order.splice(this.#order.indexOf(memory), 1)
      this.#frames.delete(memory)
      this.#memory.release(memory)
    }
  }

  #take(region: MappableRegion): number | undefined {
    const frame = this.#memory.acquire(region)
    if (frame === undefined) return undefined
    this.#frames.set(region.memory, frame)
    this.#order.push(region.memory)
    return frame
  }
}
