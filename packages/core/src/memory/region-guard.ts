import type { MemoryRegion } from './memory-region.ts'
import type { ReentrancyGuard } from './mmio-hooks.ts'
import type { Ownership } from './ownership.ts'
import { portOf } from './region-hooks.ts'

/**
 * What an access to an owned region's callbacks engages while they run: the region's owner, so that no second callback of any
 * of its regions begins (SP-7), and so that it stays (MR-14).
 *
 * RAM devices, ROM devices, read-only regions and those that opt out are not denied and deny nobody; their accesses hold the owner all the same.
 */
class RegionGuard implements ReentrancyGuard {
  readonly #region: MemoryRegion
  readonly #ownership: Ownership
  readonly #exempt: boolean
  /** Accesses under way in this region. */
  #depth = 0
  #denies = false

  constructor(region: MemoryRegion, ownership: Ownership, reentrant: boolean) {
    this.#region = region
    this.#ownership = ownership
    this.#exempt = reentrant || region.kind !== 'mmio'
  }

  /** Whether an access is to be denied. */
  get engaged(): boolean {
    return this.#ownership.engaged && !this.#exempt && !this.#region.readonly
  }

  /** `true` when callbacks begin, `false` when they have returned or thrown. */
  set engaged(engaged: boolean) {
    if (engaged) this.#enter()
    else this.#leave()
  }

  #enter(): void {
    this.#ownership.enter()
    this.#depth++
    if (this.#exempt || this.#region.readonly || this.#depth > 1) return
    this.#denies = true
    this.#ownership.engaged = true
  }

  #leave(): void {
    this.#depth--
    if (this.#denies && this.#depth === 0) {
      this.#denies = false
      this.#ownership.engaged = false
    }
    this.#ownership.leave()
  }
}

/** Puts a guard before the callbacks of a region, where it has any. */
export function guard(region: MemoryRegion, ownership: Ownership, reentrant: boolean): void {
  const port = portOf(region)
  if (port !== undefined) port.guard = new RegionGuard(region, ownership, reentrant)
}
