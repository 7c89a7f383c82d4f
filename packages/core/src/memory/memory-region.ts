// Long because a region is one node with one private state: its place, its attributes, its owner and its lifetime change in the same transactions.
import type { Range } from '../address/range.ts'
import { HostbridgeError } from '../errors.ts'
import { ChildList } from './child-list.ts'
import { lastOf } from './child-trie.ts'
import { ChildWalk, type IsCovered } from './child-walk.ts'
import { CoalescedRanges } from './coalesced-ranges.ts'
import { EventfdList } from './eventfd-list.ts'
import type { MemorySystem } from './memory-system.ts'
import { checkNewChild } from './new-child.ts'
import { checkDetached, type Ownership, ownershipOf, type RegionOwner } from './ownership.ts'
import { checkAddress, checkDirtyMask, checkPriority, checkSize } from './region-checks.ts'
import { guard } from './region-guard.ts'
import { RegionReference } from './region-reference.ts'
import type { ShownView } from './shown-view.ts'
import { Sight } from './sight.ts'
import type { ViewPath } from './view-path.ts'
import { Windows } from './windows.ts'

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

const NO_CHILDREN: readonly MemoryRegion[] = []

/** Counts additions, of whatever region: what is added later has a higher number. */
let additions = 0

/**
 * A piece of an address map: a node of a tree that is rendered into flat views.
 *
 * A region is made free and has no effect. It is bound to a {@link MemorySystem} when it becomes part of the tree of
 * one of its address spaces, with everything that hangs together with it, and stays bound. Every change of a bound region
 * is a transaction of its system: the change is seen, and listeners are told, when the outermost one ends.
 */
export abstract class MemoryRegion {
  readonly name: string
  #system: MemorySystem | undefined
  #container: MemoryRegion | undefined
  #children: ChildList | undefined
  #order = 0
  #sight: Sight | undefined
  #holders = 0
  #mappings = 0
  #windows: Windows | undefined
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

  /** Where this region is in its container's list; only that list sets it. */
  slot = 0
  /** The step of the spaces that come by on the way to what they show (FV-9); only the {@link MemorySystem} sets it. */
  path: ViewPath | undefined

  /** `size` is 1 to 2^64 bytes. */
  protected constructor(name: string, size: bigint) {
    this.name = name
    this.#size = checkSize(name, size)
  }

  abstract get kind(): RegionKind

  /** True for a region that answers accesses itself where no child does (MR-6). */
  get terminates(): boolean {
    return true
  }

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

  /** Grows with each addition to a container: at equal priority the highest is rendered first. */
  get order(): number {
    return this.#order
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
    return this.#children?.inOrder ?? NO_CHILDREN
  }

  get hasChildren(): boolean {
    return this.#children !== undefined && !this.#children.isEmpty
  }

  /** How many children are enabled. */
  get enabledCount(): number {
    return this.#children?.enabledCount ?? 0
  }

  /** The enabled child that is rendered first. */
  get topmostChild(): MemoryRegion | undefined {
    return this.#children?.topmost
  }

  /** The aliases that show this region, and who waits for a view above it. */
  get sight(): Sight {
    this.#sight ??= new Sight()
    return this.#sight
  }

  /** {@link sight}, where there is anything in it. */
  get sightIfAny(): Sight | undefined {
    return this.#sight
  }

  /** The flat view that this region is the root of, where a space shows it. */
  get view(): ShownView | undefined {
    return this.path?.shown
  }

  /** Whether it is in a container, or an alias that is mapped shows it (MR-9). */
  get mapped(): boolean {
    return this.#mappings > 0
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
    this.#transact(this.#enabled && child.#enabled, () => this.#insert(child, offset, priority))
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
    this.#transact(this.#enabled && child.#enabled, () => this.#take(child))
  }

  /** Shows or hides this region with all that is below it; hidden, it covers nothing (MR-10). */
  setEnabled(enabled: boolean): void {
    if (enabled === this.#enabled) return
    this.change(true, () => {
      this.#inPlace(() => {
        this.#enabled = enabled
      })
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

  /** Says who logs writes from now on, 0 to 7; listeners hear of it as `logStart` and `logStop` (LC-1). @throws HostbridgeError `memory.dirty-mask`. */
  setDirtyMask(mask: number): void {
    checkDirtyMask(this.name, mask)
    if (mask === this.#dirtyMask) return
    this.change(this.#enabled, () => {
      this.#dirtyMask = mask
    })
  }

  /** Resizes to 1 to 2^64 bytes. */
  setSize(size: bigint): void {
    checkSize(this.name, size)
    const before = this.#size
    if (size === before) return
    this.#transact(true, () => {
      this.#inPlace(() => {
        this.#size = size
      })
      this.touch(size < before ? size : before, (size < before ? before : size) - 1n)
    })
  }

  /** Moves this region in its container; it becomes the newest among those of its priority (TM-3). */
  setAddress(address: bigint): void {
    const container = this.#container
    checkAddress(this.name, container ? `in '${container.name}'` : 'on its own', address)
    if (address === this.#address) return
    this.#transact(this.#enabled && container?.enabled === true, () => {
      if (container === undefined) {
        this.#moveTo(address)
      } else {
        container.#take(this)
        container.#insert(this, address, this.#priority)
      }
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

  /** As {@link retain}, of what a view shows: nothing where it is finalized, and only not yet out of sight (MR-15). */
  retainShown(): RegionReference | undefined {
    return this.#ownership?.final === true ? undefined : this.retain()
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
    this.#inPlace(() => {
      this.#enabled = false
    })
    // What was seen of it goes with the next change that somebody else makes.
    this.touch(0n, this.#size - 1n)
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

  /** Counts one more who shows this region: its container, an alias, or a space. What an alias shows hears of the first. */
  hold(): void {
    const { target } = this
    if (this.#holders++ > 0 || target === undefined) return
    target.sight.meet(this)
    target.hold()
  }

  /** Takes back one {@link hold}. */
  letGo(): void {
    const { target } = this
    if (--this.#holders > 0 || target === undefined) return
    target.sight.part(this)
    target.letGo()
  }

  /** Walks over the enabled children that meet a window of this region; `undefined` where there are no children. */
  walk(first: bigint, last: bigint, isCovered: IsCovered): ChildWalk | undefined {
    const root = this.#children?.enabled
    return root && new ChildWalk(root, first, last, isCovered)
  }

  /** Notes inside a transaction that what is seen of this region may have changed from offset `start` to `last`. */
  touch(start: bigint, last: bigint): void {
    const system = this.#system
    if (system === undefined) return
    this.#windows ??= new Windows()
    if (this.#windows.isEmpty) system.touched(this)
    this.#windows.add(start, last)
  }

  /** Hands over what has been touched since the last time. */
  takeTouched(): readonly Range[] {
    return this.#windows?.take() ?? []
  }

  /** Makes a change of all of this region inside a transaction; `pending` says whether it can change a flat view (TM-5). */
  protected change(pending: boolean, apply: () => void): void {
    this.#transact(pending, () => {
      apply()
      if (pending) this.touch(0n, this.#size - 1n)
    })
  }

  #transact(pending: boolean, apply: () => void): void {
    const system = this.#system
    if (system === undefined) {
      apply()
      return
    }
    system.begin()
    apply()
    if (pending) system.changed()
    system.commit()
  }

  /** Changes this region's size, or whether it is enabled. */
  #inPlace(change: () => void): void {
    const container = this.#container
    if (container === undefined) change()
    else container.#children?.during(this, change)
    this.#decideSteps()
  }

  /** Notes that spaces that come by may go on another way: a size or an enablement has changed. */
  #decideSteps(): void {
    this.decideStep()
    this.#container?.decideStep()
    for (const path of this.#sight?.sizeWatchers ?? []) path.region.decideStep()
  }

  /** Notes that spaces that come by this region may go on another way. */
  protected decideStep(): void {
    if (this.path !== undefined) this.#system?.stale(this.path)
  }

  #insert(child: MemoryRegion, offset: bigint, priority: number): void {
    child.#container = this
    child.#moveTo(offset)
    child.#priority = priority
    child.#order = ++additions
    this.#children ??= new ChildList()
    this.#children.add(child)
    child.hold()
    child.#map()
    child.#sight?.moved()
    this.decideStep()
    this.#touchChild(child)
  }

  #take(child: MemoryRegion): void {
    this.#touchChild(child)
    // What was touched before it was made smaller, or was hidden, must not leave with it.
    for (const { start, last } of child.#windows?.all ?? []) this.touch(start + child.#address, last + child.#address)
    this.#children?.remove(child)
    child.letGo()
    child.#unmap()
    child.#container = undefined
    child.#sight?.moved()
    this.decideStep()
  }

  #map(): void {
    const { target } = this
    if (this.#mappings++ === 0 && target !== undefined) target.#map()
  }

  #unmap(): void {
    const { target } = this
    if (--this.#mappings === 0 && target !== undefined) target.#unmap()
  }

  #touchChild(child: MemoryRegion): void {
    if (this.#enabled && child.#enabled) this.touch(child.#address, lastOf(child))
  }

  /** The address of a region that is the root of a view shifts what is seen there (FV-11). */
  #moveTo(address: bigint): void {
    if (address === this.#address) return
    this.#address = address
    this.view?.touchAll()
  }

  #bindTogether(child: MemoryRegion): void {
    const system = this.#system ?? child.#system
    system?.adopt(this)
    system?.adopt(child)
  }
}
