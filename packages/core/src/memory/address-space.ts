import { splitAddress } from '../address/page-frame.ts'
import { MemTx, type MemTxAttrs, type MemTxResult, NO_ATTRS } from './access.ts'
import { type AccessFault, findFault } from './access-check.ts'
import { AccessContext, type ContextStack } from './access-context.ts'
import type { FlatRange } from './flat-range.ts'
import { EMPTY_VIEW, type FlatView } from './flat-view.ts'
import type { MemoryListener } from './listener.ts'
import { registerListener, unregisterListener } from './listener-replay.ts'
import type { MemoryRegion } from './memory-region.ts'
import type { MemorySystem } from './memory-system.ts'
import { type RamRun, resolveRam } from './ram-run.ts'
import type { RegionReference } from './region-reference.ts'
import { SpaceEventfds } from './space-eventfds.ts'
import { readTransfer, writeTransfer } from './transfer.ts'
import type { PermissionBits } from './translator.ts'

/**
 * Addresses as somebody sees them: a CPU's physical memory, the memory that a device's DMA reaches.
 *
 * Made by {@link MemorySystem.createSpace}. An access never throws for what a guest does; its result says what happened.
 */
export class AddressSpace {
  readonly name: string
  readonly root: MemoryRegion
  readonly system: MemorySystem
  /** Ends when the space is destroyed (LR-5). */
  readonly holdsRoot: RegionReference
  /** The eventfds that are seen, for its listeners. */
  readonly eventfds: SpaceEventfds = new SpaceEventfds(this)
  readonly #contexts: ContextStack
  #view: FlatView = EMPTY_VIEW

  constructor(name: string, root: MemoryRegion, system: MemorySystem, contexts: ContextStack) {
    this.name = name
    this.root = root
    this.system = system
    this.#contexts = contexts
    this.holdsRoot = root.retain()
  }

  /** What is seen where, since the last commit. */
  get flatView(): FlatView {
    return this.#view
  }

  /** Puts a new view into use; only the {@link MemorySystem} does this. */
  replaceView(view: FlatView): void {
    this.#view = view
  }

  /**
   * Reads `into.length` bytes from `address` on, in the order of memory. What fails reads 0; the rest is still read (RW-4).
   * An access nested in 64 others of the same system (callbacks that make accesses) is denied with `accessError`.
   */
  read(address: bigint, into: Uint8Array, attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    const { frame, offset } = splitAddress(address)
    const context = this.#contexts.enter(attrs)
    if (context === undefined) {
      into.fill(0)
      return MemTx.accessError
    }
    try {
      return readTransfer(this.#view, frame, offset, into, context)
    } finally {
      this.#contexts.leave()
    }
  }

  /** Writes all of `from`, from `address` on, as {@link read} reads. What fails is dropped; the rest is still written (RW-4). */
  write(address: bigint, from: Uint8Array, attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    const { frame, offset } = splitAddress(address)
    const context = this.#contexts.enter(attrs)
    if (context === undefined) return MemTx.accessError
    try {
      return writeTransfer(this.#view, frame, offset, from, context)
    } finally {
      this.#contexts.leave()
    }
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
    const context = new AccessContext()
    context.attrs = attrs
    return findFault(this.#view, address, length, access, context)
  }

  /** The range that has an address. */
  find(address: bigint): FlatRange | undefined {
    return this.#view.find(address)
  }

  /** The RAM that lies behind page `frame`, and how many of `frames` pages follow in the same region; `undefined` where it is not all RAM. */
  resolve(frame: number, frames: number): RamRun | undefined {
    return resolveRam(this.#view, frame, frames)
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
