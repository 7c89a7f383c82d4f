import { HostbridgeError } from '../errors.ts'
import { CoalescedRanges } from './coalesced-ranges.ts'
import { EventfdList } from './eventfd-list.ts'
import type { MemorySystem } from './memory-system.ts'
import { checkNewChild } from './new-child.ts'
import { checkDetached, type Ownership, ownershipOf, type RegionOwner } from './ownership.ts'
import { checkAddress, checkPriority, checkSize } from './region-checks.ts'
import { guard } from './region-guard.ts'
import { RegionReference } from './region-reference.ts'

/** What a region is; `rom` is RAM that is read-only itself, `romd` a ROM device, `ramd` a RAM device. */
export type RegionKind = 'container' | 'ram' | 'rom' | 'romd' | 'ramd' | 'mmio' | 'reserved' | 'alias' | 'iommu'

/** Where a region is put among its siblings. */
export interface AddOptions {
  /** Where regions overlap the highest priority is seen, and at equal priority the one added last (TM-2). Default 0. */
  readonly priority?: number
}

/** How a region belongs to its owner. */
export interface OwnerOptions {
  /** Whether its callbacks may be called while another callback of the same owner runs. Default false. */
  readonly reentrant?: boolean
}

/**
 * A piece of an address map: a node of a tree that is rendered into flat views.
 *
 * A region is made free and has no effect. It is bound to a {@link MemorySystem} when it becomes part of the tree of
 * one of its address spaces, with everything that hangs together with it, and stays bound. Every change of a bound region
 * is a transaction of its system: the change is seen, and listeners are told, when the outermost one ends.
 */
export abstract class MemoryRegion {
  readonly name: string
  /** True for a region that answers accesses itself where no child does (MR-6). */
  readonly terminates: boolean = true
  #system: MemorySystem | undefined
  #container: MemoryRegion | undefined
  readonly #children: MemoryRegion[] = []
  #size: bigint
  #address = 0n
  #priority = 0
  #enabled = true
  #readonly = false
  #nonvolatile = false
  #unmergeable = false
  #dirtyMask = 0
  #ownership: Ownership | undefined
  #eventfds: EventfdList | undefined
  #coalescing: CoalescedRanges | undefined

  /** `size` is 1 to 2^64 bytes. */
  protected constructor(name: string, size: bigint) {
    this.name = name
    this.#size = checkSize(name, size)
  }

  abstract get kind(): RegionKind

  /** Bytes, 1 to 2^64. */
  get size(): bigint {
    return this.#size
  }

  /** Offset in the container; a root's own address shifts what is rendered below it (FV-11). */
  get address(): bigint {
    return this.#address
  }

  get priority(): number {
    return this.#priority
  }

  get enabled(): boolean {
    return this.#enabled
  }

  get readonly(): boolean {
    return this.#readonly
  }

  /** Keeps its bytes while the power is off: listeners are told of it, nothing else happens. */
  get nonvolatile(): boolean {
    return this.#nonvolatile
  }

  /** Its ranges are never joined with their neighbours. */
  get unmergeable(): boolean {
    return this.#unmergeable
  }

  /** Who logs writes to this region, itself or because he logs all of its kind (DL-1), a bit for each; 0 where nobody does. */
  get dirtyMask(): number {
    const system = this.#system
    return system === undefined ? this.#dirtyMask : this.#dirtyMask | (system.dirtyLog.clients & this.globalClients)
  }

  /** Those who log all regions of this kind, while they log at all. */
  get globalClients(): number {
    return 0
  }

  /** The region that this one was added to. */
  get container(): MemoryRegion | undefined {
    return this.#container
  }

  /** In the order in which they are rendered: descending priority, at equal priority the newest first (TM-2). */
  get children(): readonly MemoryRegion[] {
    return this.#children
  }

  /** The system that this region is bound to. */
  get system(): MemorySystem | undefined {
    return this.#system
  }

  /** The region that an alias shows; `undefined` for everything else. */
  get target(): MemoryRegion | undefined {
    return undefined
  }

  /** The offset in {@link target} that an alias begins at. */
  get targetOffset(): bigint {
    return 0n
  }

  /**
   * Puts `child` at `offset` bytes into this region; what does not fit is cut off (MR-5).
   *
   * @throws HostbridgeError `memory.double-add`, `memory.cycle`, `memory.alias-child`, `memory.address`, `memory.priority`,
   *   or `memory.foreign-region` where parent and child belong to two systems.
   * @throws MappingRefusedError where a listener refuses what appears; the child is in place then.
   */
  add(child: MemoryRegion, offset: bigint, options: AddOptions = {}): void {
    checkAddress(child.name, `in '${this.name}'`, offset)
    const priority = checkPriority(child.name, options.priority ?? 0)
    checkNewChild(this, child)
    this.#bindTogether(child)
    this.change(this.#enabled && child.#enabled, () => this.#insert(child, offset, priority))
  }

  /** @throws HostbridgeError `memory.not-a-child`. */
  remove(child: MemoryRegion): void {
    if (child.#container !== this) {
      const where = child.#container ? `it is in '${child.#container.name}'` : 'it is in no region'
      throw new HostbridgeError(
        'memory.not-a-child',
        `'${child.name}' cannot be removed from '${this.name}': ${where}`,
        { parent: this.name, child: child.name },
      )
    }
    this.change(this.#enabled && child.#enabled, () => this.#take(child))
  }

  /** Shows or hides this region with all that is below it; hidden, it covers nothing (MR-10). */
  setEnabled(enabled: boolean): void {
    if (enabled === this.#enabled) return
    this.change(true, () => {
      this.#enabled = enabled
    })
  }

  /** Read-only is inherited by everything below this region, through aliases too (MR-11). */
  setReadonly(readonly: boolean): void {
    if (readonly === this.#readonly) return
    this.change(this.#enabled, () => {
      this.#readonly = readonly
    })
  }

  /** Non-volatile is inherited by everything below this region, through aliases too (MR-11). */
  setNonvolatile(nonvolatile: boolean): void {
    if (nonvolatile === this.#nonvolatile) return
    this.change(this.#enabled, () => {
      this.#nonvolatile = nonvolatile
    })
  }

  /** Unmergeable is inherited by everything below this region, through aliases too (MR-11). */
  setUnmergeable(unmergeable: boolean): void {
    if (unmergeable === this.#unmergeable) return
    this.change(this.#enabled, () => {
      this.#unmergeable = unmergeable
    })
  }

  /** Says who logs writes from now on; listeners hear of it as `logStart` and `logStop` (LC-1). */
  setDirtyMask(mask: number): void {
    if (mask === this.#dirtyMask) return
    this.change(this.#enabled, () => {
      this.#dirtyMask = mask
    })
  }

  /** Resizes to 1 to 2^64 bytes. */
  setSize(size: bigint): void {
    checkSize(this.name, size)
    if (size === this.#size) return
    this.change(true, () => {
      this.#size = size
    })
  }

  /** Moves this region in its container; it becomes the newest among those of its priority (TM-3). */
  setAddress(address: bigint): void {
    const container = this.#container
    checkAddress(this.name, container ? `in '${container.name}'` : 'on its own', address)
    if (address === this.#address) return
    this.change(this.#enabled && container?.enabled === true, () => {
      this.#address = address
      if (container === undefined) return
      container.#take(this)
      container.#insert(this, address, this.#priority)
    })
  }

  /** Whoever this region belongs to. */
  get owner(): RegionOwner | undefined {
    return this.#ownership?.owner
  }

  /** Writes that signal a notifier in place of this region's callbacks. */
  get eventfds(): EventfdList {
    this.#eventfds ??= new EventfdList(this)
    return this.#eventfds
  }

  /** Whether there is anything in {@link eventfds}. */
  get hasEventfds(): boolean {
    return this.#eventfds !== undefined && this.#eventfds.entries.length > 0
  }

  /** Where writes to this region may be put off. */
  get coalescing(): CoalescedRanges {
    this.#coalescing ??= new CoalescedRanges(this)
    return this.#coalescing
  }

  /** Whether there is anything in {@link coalescing}. */
  get hasCoalescing(): boolean {
    return this.#coalescing !== undefined && this.#coalescing.ranges.length > 0
  }

  /**
   * Gives this region to `owner`, for good. While a callback of one of an owner's regions runs, accesses to all of them are denied
   * (SP-7), unless `reentrant`.
   *
   * @throws HostbridgeError `memory.owned` where it belongs to somebody, `memory.finalized` where the owner's regions are.
   */
  ownedBy(owner: RegionOwner, options: OwnerOptions = {}): this {
    if (this.#ownership !== undefined) {
      throw new HostbridgeError(
        'memory.owned',
        `'${this.name}' cannot belong to '${owner.name}': it belongs to '${this.#ownership.owner.name}'`,
        { region: this.name, owner: owner.name, taken: this.#ownership.owner.name },
      )
    }
    const ownership = ownershipOf(owner)
    ownership.take(this)
    this.#ownership = ownership
    if (options.reentrant !== true) guard(this, ownership)
    return this
  }

  /** Keeps this region, with its owner, until the reference is released (MR-14). @throws HostbridgeError `memory.finalized`. */
  retain(): RegionReference {
    return new RegionReference(this, this.#ownership)
  }

  /**
   * Ends this region: hides it, takes it out of its container and its children out of it, in one transaction that shows
   * nobody a change by itself (MR-15). For aliases and containers at any time; others end with their owner.
   *
   * @throws HostbridgeError `memory.still-mapped` where its container belongs to somebody else; `memory.in-use` where somebody
   *   uses its owner's regions.
   */
  finalize(): void {
    checkDetached(this)
    if (this.terminates) this.#ownership?.checkUnused(this)
    this.#enabled = false
    const leave = () => {
      this.#container?.remove(this)
      for (const child of [...this.children]) this.remove(child)
    }
    if (this.#system === undefined) leave()
    else this.#system.transaction(leave)
    if (this.hasCoalescing) this.coalescing.clear()
    this.#ownership?.drop(this)
  }

  /** Binds this one region; called by {@link MemorySystem.adopt} for everything that hangs together. */
  bind(system: MemorySystem): void {
    this.#system = system
    this.#eventfds?.settleOrder()
  }

  /** Makes a change inside a transaction; `pending` says whether it can change a flat view (TM-5). */
  protected change(pending: boolean, apply: () => void): void {
    const system = this.#system
    if (system === undefined) {
      apply()
      return
    }
    system.begin()
    apply()
    if (pending) system.topologyChanged()
    system.commit()
  }

  #insert(child: MemoryRegion, offset: bigint, priority: number): void {
    let low = 0
    let high = this.#children.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#children[middle] as MemoryRegion).#priority > priority) low = middle + 1
      else high = middle
    }
    this.#children.splice(low, 0, child)
    child.#container = this
    child.#address = offset
    child.#priority = priority
  }

  #take(child: MemoryRegion): void {
    this.#children.splice(this.#children.indexOf(child), 1)
    child.#container = undefined
  }

  #bindTogether(child: MemoryRegion): void {
    const system = this.#system ?? child.#system
    system?.adopt(this)
    system?.adopt(child)
  }
}
