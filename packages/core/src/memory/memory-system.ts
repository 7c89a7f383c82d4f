// Long because transactions, spaces and listeners of a system are one state machine: what may be called when depends on all three.
import { HostbridgeError } from '../errors.ts'
import { ContextStack } from './access-context.ts'
import { AddressSpace } from './address-space.ts'
import { bindTogether } from './belonging.ts'
import { CoalescedRings } from './coalesced-rings.ts'
import { DirtyLog } from './dirty/dirty-log.ts'
import { DiscardCounters } from './discard/discard-counters.ts'
import { EMPTY_VIEW, type FlatView } from './flat-view.ts'
import { tellDifference } from './flat-view-diff.ts'
import type { MemoryListener } from './listener.ts'
import { ListenerCalls } from './listener-calls.ts'
import { ListenerRegistry } from './listener-registry.ts'
import type { MemoryRegion } from './memory-region.ts'
import { SpaceViews } from './space-views.ts'
import type { ViewPath } from './view-path.ts'

/** Commits that listeners may set off by changing the map from their callbacks, one after the other. */
const MOST_ROUNDS = 1000

export interface MemorySystemOptions {
  /** The order of the machine's own numbers: of registers and accesses that say `native`. Default `little`. */
  readonly endianness?: 'little' | 'big'
}

/**
 * The regions, address spaces and listeners of one machine, and the transactions that change them (section 1.3).
 *
 * Several may live beside each other; a region belongs to one.
 */
export class MemorySystem {
  readonly name: string
  readonly endianness: 'little' | 'big'
  /** Writes that were put off. */
  readonly coalesced: CoalescedRings = new CoalescedRings()
  /** Is told of every view that a space may show from now on, once; for traces. */
  watch: ((view: FlatView) => void) | undefined = undefined
  readonly #spaces = new Set<AddressSpace>()
  #spaceList: readonly AddressSpace[] | undefined
  /** Spaces made so far. */
  #made = 0
  readonly #registry = new ListenerRegistry()
  /** Who needs memory to be discarded, and who cannot bear it. */
  readonly discards: DiscardCounters = new DiscardCounters()
  /** Which pages of RAM have been written, and who is told. */
  readonly dirtyLog: DirtyLog = new DirtyLog(this, this.#registry)
  /** Shared by all spaces: an access may go on in any of them. */
  readonly #contexts = new ContextStack()
  readonly #views = new SpaceViews()
  readonly #isListenedTo = (space: AddressSpace): boolean => this.#registry.of(space).length > 0
  #depth = 0
  #pending = false
  /** An eventfd came or went, and nothing else need have changed. */
  #eventfdsPending = false
  /** Callbacks of listeners are running. */
  #telling = false

  constructor(name: string, options: MemorySystemOptions = {}) {
    this.name = name
    this.endianness = options.endianness ?? 'little'
  }

  /** In the order in which they were made. */
  get spaces(): readonly AddressSpace[] {
    this.#spaceList ??= [...this.#spaces]
    return this.#spaceList
  }

  /** In the order in which they are called. */
  get listeners(): readonly MemoryListener[] {
    return this.#registry.all.map(({ listener }) => listener)
  }

  /** Makes an address space that shows `root`, without any callback (LR-5). Root and all that hangs together with it become this system's. */
  createSpace(name: string, root: MemoryRegion): AddressSpace {
    this.adopt(root)
    const space = new AddressSpace(name, root, this, ++this.#made, this.#contexts)
    root.hold()
    this.#views.enter(space)
    this.#spaces.add(space)
    this.#spaceList = undefined
    this.#tellWatch()
    return space
  }

  /**
   * Forgets a space. Its listeners get no `regionDel` from this (LR-6), so there must be none left.
   *
   * @throws HostbridgeError `memory.space-in-use`, `memory.foreign-space`, `memory.in-callback` from a listener's callback.
   */
  destroySpace(space: AddressSpace): void {
    this.#checkSilent(`'${space.name}' cannot be destroyed`)
    if (!this.#spaces.has(space)) {
      throw new HostbridgeError('memory.foreign-space', `'${space.name}' is no address space of '${this.name}'`, {
        space: space.name,
        system: this.name,
      })
    }
    const [left] = this.#registry.of(space)
    if (left !== undefined) {
      throw new HostbridgeError(
        'memory.space-in-use',
        `'${space.name}' cannot be destroyed: '${left.name}' listens to it; unregister it first`,
        { space: space.name, listener: left.name },
      )
    }
    space.bounce.checkIdle()
    this.#spaces.delete(space)
    this.#spaceList = undefined
    this.#views.leave(space)
    space.root.letGo()
    space.replaceView(EMPTY_VIEW)
    space.holdsRoot.release()
  }

  /** Makes the writes that were put off (TX-1) and opens a transaction; they nest, and only the end of the outermost one has an effect (TX-2). */
  begin(): void {
    this.coalesced.flush()
    this.#depth++
  }

  /**
   * Closes a transaction. If a view may have changed, the outermost one renders anew what has been touched and tells all
   * listeners (TX-3).
   *
   * @throws HostbridgeError `memory.commit` where none is open.
   * @throws MappingRefusedError when all is done, with everything that listeners refused. What a listener's callback throws
   *   is thrown then too: all others have been called by then.
   */
  commit(): void {
    if (this.#depth === 0) {
      throw new HostbridgeError('memory.commit', `no transaction of '${this.name}' is open: commit ends a begin`, {
        system: this.name,
      })
    }
    this.#depth--
    if (this.#depth > 0 || this.#telling || !(this.#pending || this.#eventfdsPending)) return
    this.#settle()
  }

  /** Runs `change` inside a transaction, which ends even where `change` throws. */
  transaction<T>(change: () => T): T {
    this.begin()
    let value: T
    try {
      value = change()
    } catch (error) {
      try {
        this.commit()
      } catch {
        // The reason why the change was given up is what the caller needs.
      }
      throw error
    }
    this.commit()
    return value
  }

  /**
   * Lets `callListeners` call listeners one by one, for {@link AddressSpace}; what they change in the map is committed after
   * it. `refusal` opens the message of the error.
   *
   * @throws HostbridgeError `memory.in-callback` from a callback: whoever is being told must stay the same.
   */
  tell(refusal: string, callListeners: (registry: ListenerRegistry) => void): void {
    this.#checkSilent(refusal)
    this.transaction(() => {
      this.#telling = true
      try {
        callListeners(this.#registry)
      } finally {
        this.#telling = false
      }
    })
  }

  /** Commits with every range looked at anew: what regions say of themselves may have changed (DL-9). */
  renew(): void {
    this.transaction(() => this.topologyChanged())
  }

  /** Notes inside a transaction that any view may have changed anywhere. */
  topologyChanged(): void {
    this.#pending = true
    this.#views.touchAll()
  }

  /** Notes inside a transaction that views may have changed where regions were touched; for regions. */
  changed(): void {
    this.#pending = true
  }

  /** Takes a region that has been touched, once until the next commit; for regions. */
  touched(region: MemoryRegion): void {
    this.#views.touched(region)
  }

  /** Notes that the way of spaces may go on elsewhere, with the next commit; for regions. */
  stale(path: ViewPath): void {
    this.#views.stale(path)
  }

  /** What a space shows; for spaces. */
  viewOf(space: AddressSpace): FlatView {
    return this.#views.viewOf(space)
  }

  /** Whether an access to one of the spaces is under way. */
  get isAccessing(): boolean {
    return this.#contexts.busy
  }

  /** Calls back once, when the access that is under way is over. */
  afterAccess(call: () => void): void {
    this.#contexts.whenIdle(call)
  }

  /** Notes inside a transaction that eventfds of a region may have changed; for regions. */
  eventfdsChanged(): void {
    this.#eventfdsPending = true
  }

  /**
   * Makes a region and everything that hangs together with it (containers, children, targets of aliases) this system's.
   *
   * @throws HostbridgeError `memory.foreign-region` where one of them belongs to another system; then none is bound.
   */
  adopt(region: MemoryRegion): void {
    bindTogether(region, this)
  }

  #settle(): void {
    const calls = new ListenerCalls()
    this.#telling = true
    let rounds = 0
    try {
      for (; (this.#pending || this.#eventfdsPending) && rounds < MOST_ROUNDS; rounds++) {
        if (this.#pending) this.#applyChanges(calls)
        else this.#applyEventfds(calls)
      }
    } finally {
      this.#telling = false
    }
    calls.finish(`a change of the memory map of '${this.name}'`)
    if (rounds === MOST_ROUNDS) {
      throw new HostbridgeError(
        'memory.endless-commit',
        `the listeners of '${this.name}' have changed its map ${MOST_ROUNDS} times in one commit: change it from outside a callback`,
        { system: this.name },
      )
    }
  }

  #checkSilent(refusal: string): void {
    if (!this.#telling) return
    throw new HostbridgeError(
      'memory.in-callback',
      `${refusal} while the listeners of '${this.name}' are being told of a change: do it when the change is complete`,
      { system: this.name },
    )
  }

  #applyChanges(calls: ListenerCalls): void {
    const eventfds = this.#eventfdsPending
    this.#pending = false
    this.#eventfdsPending = false
    // All are rendered first: what a callback changes belongs to the next round, for every space.
    const changed = this.#views.render(this.#isListenedTo)
    this.#views.turnBack()
    for (const { listener } of this.#registry.all) calls.begin(listener)
    for (const space of this.#toTell(changed)) {
      this.#views.turnTo(space)
      const listeners = this.#registry.of(space)
      if (listeners.length === 0) {
        space.expireView()
        continue
      }
      const patches = this.#views.patchesOf(space)
      const after = this.#views.viewAfter(space)
      tellDifference(space, space.flatView, after, patches, listeners, calls)
      space.replaceView(after)
      space.eventfds.update(listeners, calls, eventfds)
    }
    this.#views.settle()
    this.#tellWatch()
    for (const { listener } of this.#registry.all) calls.commit(listener)
  }

  /** The spaces that have listeners, and others that show something else, in the order in which they were made (LC-10). */
  #toTell(changed: readonly AddressSpace[]): Iterable<AddressSpace> {
    if (changed.length === 0) return this.#registry.spaces
    const all = new Set([...changed, ...this.#registry.spaces])
    return [...all].sort((one, other) => one.order - other.order)
  }

  #tellWatch(): void {
    for (const view of this.#views.takeFresh()) this.watch?.(view)
  }

  /** Nobody is told of a beginning and an end (TX-4). */
  #applyEventfds(calls: ListenerCalls): void {
    this.#eventfdsPending = false
    for (const space of this.#registry.spaces) space.eventfds.update(this.#registry.of(space), calls, true)
  }
}
