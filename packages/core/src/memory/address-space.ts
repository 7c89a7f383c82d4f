import { splitAddress } from '../address/page-frame.ts'
import { type MemTxAttrs, NO_ATTRS } from './access.ts'
import { type AccessFault, findFault, isDirect } from './access-check.ts'
import { AccessContext, type ContextStack } from './access-context.ts'
import { BounceBudget } from './bounce-budget.ts'
import type { FlatRange } from './flat-range.ts'
import type { FlatView } from './flat-view.ts'
import type { MemoryListener } from './listener.ts'
import { registerListener, unregisterListener } from './listener-replay.ts'
import { type MapOptions, mapMemory, unmapMemory } from './map-memory.ts'
import type { MemoryMapping } from './memory-mapping.ts'
import type { MemoryRegion } from './memory-region.ts'
import type { MemorySystem } from './memory-system.ts'
import { type RamRun, resolveRam } from './ram-run.ts'
import { RegionCache } from './region-cache.ts'
import { checkLength } from './region-checks.ts'
import type { RegionReference } from './region-reference.ts'
import { SpaceAccess } from './space-access.ts'
import { SpaceEventfds } from './space-eventfds.ts'
import { Permission, type PermissionBits } from './translator.ts'

/**
 * Addresses as somebody sees them: a CPU's physical memory, the memory that a device's DMA reaches.
 *
 * Made by {@link MemorySystem.createSpace}. An access never throws for what a guest does; its result says what happened.
 */
export class AddressSpace extends SpaceAccess {
  readonly name: string
  readonly root: MemoryRegion
  readonly system: MemorySystem
  /** Grows from space to space of a system: listeners hear of them in this order (LC-10). */
  readonly order: number
  /** Ends when the space is destroyed (LR-5). */
  readonly holdsRoot: RegionReference
  /** The eventfds that are seen, for its listeners. */
  readonly eventfds: SpaceEventfds = new SpaceEventfds(this)
  /** The bounce buffers of mappings, and who waits for some (section 2.6). */
  readonly bounce: BounceBudget
  readonly #contexts: ContextStack

  constructor(name: string, root: MemoryRegion, system: MemorySystem, order: number, contexts: ContextStack) {
    super(contexts, system.endianness)
    this.name = name
    this.root = root
    this.system = system
    this.order = order
    this.pages.source = () => system.viewOf(this)
    this.bounce = new BounceBudget(name)
    this.#contexts = contexts
    this.holdsRoot = root.retain()
  }

  /** What is seen where, since the last commit. */
  get flatView(): FlatView {
    return this.pages.view
  }

  /** Puts a new view into use; only the {@link MemorySystem} does this. */
  replaceView(view: FlatView): void {
    this.pages.follow(view)
  }

  /** Lets the next access ask for the view; only the {@link MemorySystem} does this. */
  expireView(): void {
    this.pages.expire()
  }

  /** Whether an access of `length` bytes would go through, without making it (RW-8). */
  valid(address: bigint, length: number, access: PermissionBits, attrs: MemTxAttrs = NO_ATTRS): boolean {
    return this.explain(address, length, access, attrs) === undefined
  }

  /** The first part of an access that cannot be done, and why; `undefined` where {@link valid} says it can. Without side effects. */
  explain(
    address: bigint,
    length: number,
    access: PermissionBits,
    attrs: MemTxAttrs = NO_ATTRS,
  ): AccessFault | undefined {
    checkLength('an access', `of '${this.name}'`, address, length)
    const context = new AccessContext()
    context.attrs = attrs
    return findFault(this.pages, address, length, access, context)
  }

  /** Whether an access to an address goes straight to memory, without a callback (MR-4). */
  isDirect(address: bigint, access: PermissionBits, attrs: MemTxAttrs = NO_ATTRS): boolean {
    const { frame, offset } = splitAddress(address)
    const context = new AccessContext()
    context.attrs = attrs
    context.locate(this.pages, this.pages.view, frame, offset, 1, access)
    const { range } = context
    return range !== undefined && isDirect(range, (access & Permission.write) !== 0, attrs)
  }

  /**
   * Maps up to `length` bytes from `address` on, to be read or written in place until {@link unmap}.
   *
   * Memory is mapped as far as it is one region's, in one stretch, the part that an IOMMU shows too (BB-1, BB-2). For everything
   * else there is a buffer, of as many bytes as {@link bounce} has left (BB-3); `undefined` where there are none, or `length` is 0.
   */
  map(address: bigint, length: number, options: MapOptions = {}): MemoryMapping | undefined {
    return mapMemory(this, address, length, options.write ?? false, options.attrs ?? NO_ATTRS)
  }

  /**
   * Ends a mapping of which `accessed` bytes, from its beginning, have been used: of what was mapped to be written, so many
   * are written back or are dirty (BB-5). Whoever waits for a bounce buffer is called then.
   *
   * @throws HostbridgeError `memory.mapping` where it is not mapped, or not in this space (BB-7), or has fewer bytes.
   */
  unmap(mapping: MemoryMapping, accessed: number = mapping.length): void {
    unmapMemory(this, mapping, accessed)
  }

  /** Finds what lies at an address once, for many accesses to up to `length` bytes; disposing of it lets go (BB-9). */
  cache(address: bigint, length: number, options: Pick<MapOptions, 'write'> = {}): RegionCache {
    return new RegionCache(this, this.#contexts, address, length, options.write ?? false)
  }

  /** The range that has an address. */
  find(address: bigint): FlatRange | undefined {
    return this.flatView.find(address)
  }

  /** The RAM that lies behind page `frame`, and how many of `frames` pages follow in the same region; `undefined` where it is not all RAM. */
  resolve(frame: number, frames: number): RamRun | undefined {
    return resolveRam(this.flatView, frame, frames)
  }

  /**
   * Lets `listener` hear of this space's changes, and tells it at once what is there (LR-2).
   *
   * @throws MappingRefusedError with all it refused, after it has seen everything; then it does not listen, and it is told
   *   nothing more: the listener takes back what it accepted.
   * @throws HostbridgeError `memory.listener` where it listens already, `memory.in-callback` from a listener's callback.
   */
  register(listener: MemoryListener): void {
    this.system.tell(`'${listener.name}' cannot begin to listen to '${this.name}'`, (registry) =>
      registerListener(registry, this, listener),
    )
  }

  /**
   * Tells `listener` that everything goes, and no more after that (LR-3). Nothing happens where it does not listen here.
   *
   * @throws HostbridgeError `memory.in-callback` from a listener's callback.
   */
  unregister(listener: MemoryListener): void {
    this.system.tell(`'${listener.name}' cannot end listening to '${this.name}'`, (registry) =>
      unregisterListener(registry, this, listener),
    )
  }
}
