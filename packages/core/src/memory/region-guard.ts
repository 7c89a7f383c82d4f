import type { MemoryRegion } from './memory-region.ts'
import type { ReentrancyGuard } from './mmio-hooks.ts'
import type { Ownership } from './ownership.ts'
import { portOf } from './region-hooks.ts'

/**
 * What an access to an owned region engages while its callbacks run: the region's owner, so that no second callback of any of its
 * regions begins (SP-7). While the region is read-only, it is not denied and denies nobody.
 */
class RegionGuard implements ReentrancyGuard {
  readonly #region: MemoryRegion
  readonly #ownership: Ownership
  /** Accesses under way in this region. */
  #depth = 0
  /** Which of them has engaged the owner, counted from 1; 0 where none has. */
  #engagedBy = 0

  constructor(region: MemoryRegion, ownership: Ownership) {
    this.#region = region
    this.#ownership = ownership
  }

  /** Whether an access is to be denied. */
  get engaged(): boolean {
    return this.#ownership.engaged && !this.#region.readonly
  }

  /** `true` when callbacks begin, `false` when they have returned or thrown. */
  set engaged(engaged: boolean) {
    if (engaged) this.#enter()
    else this.#leave()
  }

  #enter(): void {
    this.#depth++
    if (this.#region.readonly) return
    this.#engagedBy = this.#depth
    this.#ownership.engaged = true
  }

  #leave(): void {
    if (this.#depth === this.#engagedBy) {
      this.#engagedBy = 0
      this.#ownership.engaged = false
    }
    this.#depth--
  }
}

/** Puts a guard before the callbacks of a region; RAM devices, ROM devices and RAM are exempt. */
export function guard(region: MemoryRegion, ownership: Ownership): void {
  const port = region.kind === 'mmio' ? portOf(region) : undefined
  if (port !== undefined) port.guard = new RegionGuard(region, ownership)
}
