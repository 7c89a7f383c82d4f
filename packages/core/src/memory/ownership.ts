import { HostbridgeError } from '../errors.ts'
import type { MemoryRegion } from './memory-region.ts'

/** Whoever regions belong to: a device, or anything else with a name. */
export interface RegionOwner {
  readonly name: string
  /** Called once, when the owner has let its regions go and nothing uses them any longer; they are finalized by then. */
  onFinalize?(): void
}

/**
 * What the regions of one owner have in common: who uses them, and whether one of them is being accessed (MR-14, SP-7).
 *
 * Using a region holds its owner, with all its other regions: unplugged, they stay as they are until everybody who uses one has
 * released it.
 */
export class Ownership {
  readonly owner: RegionOwner
  /** A callback of a guarded region of this owner is running (SP-7). */
  engaged = false
  readonly #regions = new Set<MemoryRegion>()
  #references = 0
  #state: 'held' | 'let go' | 'final' = 'held'

  constructor(owner: RegionOwner) {
    this.owner = owner
  }

  /** Users of any of the owner's regions; accesses that are under way do not count here. */
  get references(): number {
    return this.#references
  }

  /** The regions are finalized, and {@link RegionOwner.onFinalize} has been called. */
  get final(): boolean {
    return this.#state === 'final'
  }

  /** In the order in which they came to the owner; those that are finalized are not there any more. */
  get regions(): readonly MemoryRegion[] {
    return [...this.#regions]
  }

  /** @throws HostbridgeError `memory.finalized`. */
  take(region: MemoryRegion): void {
    this.#checkThere(region)
    this.#regions.add(region)
  }

  drop(region: MemoryRegion): void {
    this.#regions.delete(region)
  }

  /** Counts a user of `region`. @throws HostbridgeError `memory.finalized`. */
  hold(region: MemoryRegion): void {
    this.#checkThere(region)
    this.#references++
  }

  /** Counts a user less; the last one finalizes what was let go. */
  release(): void {
    this.#references--
    this.#settle()
  }

  /** @throws HostbridgeError `memory.in-use` where somebody uses one of the owner's regions. */
  checkUnused(region: MemoryRegion): void {
    if (this.#references === 0 && region.system?.isAccessing !== true) return
    throw new HostbridgeError(
      'memory.in-use',
      `'${region.name}' cannot be finalized: ${this.#references} users hold regions of '${this.owner.name}', or an access is under way; let its owner go instead`,
      { region: region.name, owner: this.owner.name, references: this.#references },
    )
  }

  /**
   * Ends the owner's own hold on its regions: they are finalized in one transaction as soon as nobody uses them, maybe at once.
   *
   * @throws HostbridgeError `memory.still-mapped` where one of them is in a container of somebody else: remove it there first.
   */
  letGo(): void {
    if (this.#state !== 'held') return
    for (const region of this.#regions) checkDetached(region)
    this.#state = 'let go'
    this.#settle()
  }

  /** An access that is under way may come to any region of the view that it began with: it is waited for. */
  #settle(): void {
    if (this.#state !== 'let go' || this.#references > 0) return
    for (const { system } of this.#regions) {
      if (system?.isAccessing !== true) continue
      system.afterAccess(() => this.#settle())
      return
    }
    this.#state = 'final'
    for (const region of this.#regions) region.finalize()
    this.owner.onFinalize?.()
  }

  #checkThere(region: MemoryRegion): void {
    if (this.#state !== 'final') return
    throw new HostbridgeError(
      'memory.finalized',
      `'${region.name}' of '${this.owner.name}' is gone: '${this.owner.name}' let it go and nobody used it any more`,
      { region: region.name, owner: this.owner.name },
    )
  }
}

/** @throws HostbridgeError `memory.still-mapped` where `region` is in a container with another owner (MR-15). */
export function checkDetached(region: MemoryRegion): void {
  const { container, owner } = region
  if (container === undefined || container.owner === owner) return
  throw new HostbridgeError(
    'memory.still-mapped',
    `'${region.name}' cannot be finalized: it is in '${container.name}', which belongs to ${nameOf(container.owner)}; remove it there first`,
    { region: region.name, container: container.name, owner: owner?.name },
  )
}

function nameOf(owner: RegionOwner | undefined): string {
  return owner === undefined ? 'nobody' : `'${owner.name}'`
}

const ownerships = new WeakMap<RegionOwner, Ownership>()

/** What the regions of `owner` have in common; the same for every call. */
export function ownershipOf(owner: RegionOwner): Ownership {
  let ownership = ownerships.get(owner)
  if (ownership === undefined) {
    ownership = new Ownership(owner)
    ownerships.set(owner, ownership)
  }
  return ownership
}

/** Ends `owner`'s hold on its regions, as {@link Ownership.letGo}. */
export function letGo(owner: RegionOwner): void {
  ownershipOf(owner).letGo()
}
