import { HostbridgeError } from '../errors.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import { IommuRegion } from '../memory/iommu-region.ts'
import type { Refusal } from '../memory/listener.ts'
import type { PermissionBits, Translation, Translator } from '../memory/translator.ts'
import { Delivery } from './delivery.ts'
import { eventOver, type IommuEvent } from './event.ts'
import type { Notifier } from './notifier.ts'
import { NotifierList } from './notifier-list.ts'
import { Replay, type ReplayOptions, type ReplayResult } from './replay.ts'
import type { RunCursor } from './run.ts'
import type { WorkerSource } from './source.ts'

/**
 * An IOMMU as everything else knows it: it translates one page, walks the mappings of a range, says how a worker walks the
 * same, and announces changes. Registration, replay and refusal are written once, here, on that.
 */
export abstract class Iommu implements Translator {
  /** Where devices meet this IOMMU: map it into the address space that their DMA goes through. */
  readonly region: IommuRegion
  /** Is told of every change before the notifiers are, and whether there are any; for traces. */
  watch: ((change: IommuEvent) => void) | undefined = undefined
  /** Set by a device whose own `save` has what is mapped here; else see {@link Translator.save}. */
  savedByDevice = false
  readonly #notifiers: NotifierList

  constructor(name: string, size: bigint) {
    this.region = new IommuRegion(name, size, this)
    this.#notifiers = new NotifierList(name, (old, now) => this.notifierFlagsChanged?.(old, now))
  }

  /** log2 of the size in bytes of the smallest page, 12 to 63; the default granularity of a replay. */
  abstract readonly pageShift: number

  /** The address space that translations lead to. */
  abstract readonly target: AddressSpace

  abstract translate(frame: number, access: PermissionBits, out: Translation, index: number): void

  /**
   * Walks what is mapped from `firstFrame` to `lastFrame`, both inside, at a cost of what is mapped. `index` says which of
   * several translations is meant.
   */
  abstract runs(firstFrame: number, lastFrame: number, index?: number): RunCursor

  /** What a worker needs to walk the same runs: `openSource(source)` there; structured-cloneable, shares the tables. */
  abstract source(index?: number): WorkerSource

  /**
   * Is asked when the union of the notifiers' flags changes, before it has changed (NR-5). A string refuses a registration
   * with that reason (NR-4); of an unregistration it is ignored (NR-6).
   */
  protected notifierFlagsChanged?(old: number, now: number): string | undefined

  /** See {@link Translator.save}. */
  save?(): unknown

  /** See {@link Translator.restore}. */
  restore?(state: unknown): void

  /** How many translations of the same addresses there are (QEMU: iommu_idx); notifiers hear of one. */
  get indexes(): number {
    return 1
  }

  get name(): string {
    return this.region.name
  }

  /** The union of the registered notifiers' flags. */
  get notifierFlags(): number {
    return this.#notifiers.flags
  }

  /**
   * Tells `notifier` of every change from now on. What is mapped already it hears from {@link replay} only (NR-7).
   *
   * @throws HostbridgeError `iommu.notifier-refused`, with the IOMMU's reason; `iommu.notifier-registered`; `iommu.notifier`
   *   where it is about an index that the IOMMU does not have (NR-2).
   */
  register(notifier: Notifier): void {
    if (notifier.index < 0 || notifier.index >= this.indexes) {
      throw new HostbridgeError(
        'iommu.notifier',
        `notifier '${notifier.name}' cannot hear of translation ${notifier.index} of '${this.name}', which has ${this.indexes}`,
        { notifier: notifier.name, iommu: this.name, index: notifier.index, indexes: this.indexes },
      )
    }
    this.#notifiers.register(notifier)
  }

  unregister(notifier: Notifier): void {
    this.#notifiers.unregister(notifier)
  }

  /**
   * Tells `notifier`, registered or not (RP-9), and nobody else what is mapped now; never unmaps (RP-8). A subclass may do it
   * in a way of its own, which replaces all of this (RP-1).
   *
   * What the notifier refuses is in the result's `failures`; the replay goes on.
   *
   * @throws HostbridgeError `iommu.granularity` for a granularity of 0 or less.
   */
  replay(notifier: Notifier, options?: ReplayOptions): ReplayResult {
    const replay = new Replay({ size: this.region.size, pageShift: this.pageShift }, notifier, options)
    if (replay.firstFrame <= replay.lastFrame) {
      const cursor = this.runs(replay.firstFrame, replay.lastFrame, notifier.index)
      for (let count = cursor.next(); count > 0; count = cursor.next()) replay.take(cursor.runs, count)
    }
    return replay.result()
  }

  /** Registers, then replays: no change can fall between the two. The notifier stays registered whatever it refuses. */
  registerWithReplay(notifier: Notifier, options?: ReplayOptions): ReplayResult {
    this.register(notifier)
    return this.replay(notifier, options)
  }

  /**
   * Tells the notifiers, newest first, of what has changed. When one refuses, those who have been told before are told
   * `undo`, and the refusal is returned: the IOMMU then puts its table back, and its guest gets an error.
   *
   * @throws HostbridgeError `iommu.event` for an event that no IOMMU can announce (ND-1, ND-6).
   */
  notify(
    change: IommuEvent | readonly IommuEvent[],
    undo: IommuEvent | readonly IommuEvent[] = [],
  ): Refusal | undefined {
    if (this.watch !== undefined) for (const event of listed(change)) this.watch(event)
    return this.#notifiers.notify(listed(change), listed(undo))
  }

  /** Tells `notifier` alone that nothing is mapped in its range any more: one event of exactly that range (ND-7). */
  notifyUnmapAll(notifier: Notifier): Refusal | undefined {
    const delivery = new Delivery()
    delivery.deliver(notifier, eventOver('unmap', notifier.range), notifier.form, true)
    return delivery.failures.length > 0 ? delivery.failures : undefined
  }
}

function listed(events: IommuEvent | readonly IommuEvent[]): readonly IommuEvent[] {
  return Array.isArray(events) ? events : [events as IommuEvent]
}
