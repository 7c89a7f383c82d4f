import { HostbridgeError } from '../errors.ts'
import type { MemoryRegion } from './memory-region.ts'
import type { Ownership } from './ownership.ts'

/** A hold on a region: as long as it lasts, the region and its owner are not finalized (MR-14). `using` ends it with its block. */
export class RegionReference {
  readonly region: MemoryRegion
  #ownership: Ownership | undefined
  #held = true

  /** Made by {@link MemoryRegion.retain}; a region without owner lives for ever. */
  constructor(region: MemoryRegion, ownership: Ownership | undefined) {
    this.region = region
    this.#ownership = ownership
    ownership?.hold(region)
  }

  /** Whether it has not been released. */
  get held(): boolean {
    return this.#held
  }

  /** Ends the hold. @throws HostbridgeError `memory.released` the second time. */
  release(): void {
    if (!this.#held) {
      throw new HostbridgeError('memory.released', `a hold on '${this.region.name}' cannot end twice: retain it anew`, {
        region: this.region.name,
      })
    }
    this[Symbol.dispose]()
  }

  /** Ends the hold, unless it has ended. */
  [Symbol.dispose](): void {
    if (!this.#held) return
    this.#held = false
    this.#ownership?.release()
    this.#ownership = undefined
  }
}
