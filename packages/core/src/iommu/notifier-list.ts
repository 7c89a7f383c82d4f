import { formatRange } from '../address/index.ts'
import { HostbridgeError } from '../errors.ts'
import type { Refusal } from '../memory/listener.ts'
import { Delivery } from './delivery.ts'
import { checkEvent, type IommuEvent } from './event.ts'
import type { Notifier } from './notifier.ts'

/**
 * Is asked when the union of all notifiers' flags changes from `old` to `now`; the IOMMU still answers with `old` then
 * (NR-5). A string is the reason why it cannot serve `now`.
 */
export type FlagsChanged = (old: number, now: number) => string | undefined

interface Registration {
  readonly notifier: Notifier
  live: boolean
}

const listOf = new WeakMap<Notifier, NotifierList>()

/**
 * The notifiers of one IOMMU, newest first (NR-4).
 *
 * Callbacks may register and unregister whom they like, themselves too: an event goes to those who were registered when
 * it was announced and still are when their turn comes, to each once. (QEMU forbids it, NR-8.)
 */
export class NotifierList {
  readonly #owner: string
  readonly #flagsChanged: FlagsChanged | undefined
  /** Replaced, never changed: an announcement goes on with the array that it began with. */
  #registrations: readonly Registration[] = []
  #flags = 0
  /** One for each announcement under way: a callback may cause the next. */
  readonly #deliveries: Delivery[] = []
  #depth = 0

  /** `owner` names the IOMMU in messages. */
  constructor(owner: string, flagsChanged?: FlagsChanged) {
    this.#owner = owner
    this.#flagsChanged = flagsChanged
  }

  /** The union of all notifiers' flags, as the IOMMU was last told. */
  get flags(): number {
    return this.#flags
  }

  get size(): number {
    return this.#registrations.length
  }

  has(notifier: Notifier): boolean {
    return listOf.get(notifier) === this
  }

  /** @throws HostbridgeError `iommu.notifier-registered`, `iommu.notifier-refused` (NR-4: nothing has changed then). */
  register(notifier: Notifier): void {
    const other = listOf.get(notifier)
    if (other !== undefined) {
      throw new HostbridgeError(
        'iommu.notifier-registered',
        `notifier '${notifier.name}' cannot be registered with '${this.#owner}': it is registered with ` +
          `'${other.#owner}' already; unregister it there, or make a second notifier`,
        { notifier: notifier.name, iommu: this.#owner, registeredWith: other.#owner },
      )
    }
    const before = this.#registrations
    this.#registrations = [{ notifier, live: true }, ...before]
    listOf.set(notifier, this)
    const now = this.#union()
    if (now === this.#flags) return
    const reason = this.#flagsChanged?.(this.#flags, now)
    if (reason === undefined) {
      this.#flags = now
      return
    }
    this.#drop(notifier)
    throw new HostbridgeError(
      'iommu.notifier-refused',
      `'${this.#owner}' refuses notifier '${notifier.name}' over ${formatRange(notifier.range)}: ${reason}`,
      { notifier: notifier.name, iommu: this.#owner, flags: notifier.flags, reason },
    )
  }

  /**
   * Removes a notifier; one that is not registered here stays as it is. The IOMMU cannot refuse: where it objects to the
   * new union, the old one stays in {@link flags} (NR-6).
   */
  unregister(notifier: Notifier): void {
    if (!this.has(notifier)) return
    this.#drop(notifier)
    const now = this.#union()
    if (now !== this.#flags && this.#flagsChanged?.(this.#flags, now) === undefined) this.#flags = now
  }

  /**
   * Announces `changes` one after the other, each to all notifiers, newest first.
   *
   * At the first refusal the announcement ends. Notifiers who have accepted some of it are told `undo`, in the opposite
   * order; the refuser only if it has accepted an earlier part, since of what it refuses it keeps nothing. Their refusals of
   * `undo` are added to the result. A callback that throws is treated like one that refuses, and its error is rethrown.
   */
  notify(changes: readonly IommuEvent[], undo: readonly IommuEvent[] = []): Refusal | undefined {
    for (const change of changes) checkEvent(change)
    const registrations = this.#registrations
    if (registrations.length === 0) return undefined
    const delivery = this.#enter()
    const told = new Set<Registration>()
    try {
      for (const change of changes) {
        for (const registration of registrations) {
          if (!registration.live || registration.notifier.index !== change.index) continue
          const refused = this.#tell(registration, change, delivery, told)
          if (refused) return [...delivery.failures, ...this.#tellBack(told, undo)]
        }
      }
    } catch (error) {
      this.#tellBack(told, undo)
      throw error
    } finally {
      this.#depth--
    }
    return undefined
  }

  /** True for a refusal; who has accepted anything is added to `told`. */
  #tell(registration: Registration, change: IommuEvent, delivery: Delivery, told: Set<Registration>): boolean {
    delivery.reset()
    let accepted = false
    try {
      delivery.deliver(registration.notifier, change, registration.notifier.form, true)
      accepted = delivery.failures.length === 0
    } finally {
      // The callback that refused or threw is counted too, and has kept nothing.
      if (delivery.events > (accepted ? 0 : 1)) told.add(registration)
    }
    return !accepted
  }

  #tellBack(told: ReadonlySet<Registration>, undo: readonly IommuEvent[]): Refusal {
    const delivery = this.#enter()
    delivery.reset()
    try {
      for (const { live, notifier } of [...told].reverse()) {
        if (!live) continue
        for (const change of undo) delivery.deliver(notifier, change, notifier.form, false)
      }
      return [...delivery.failures]
    } finally {
      this.#depth--
    }
  }

  #enter(): Delivery {
    const delivery = this.#deliveries[this.#depth] ?? new Delivery()
    this.#deliveries[this.#depth] = delivery
    this.#depth++
    return delivery
  }

  #union(): number {
    let flags = 0
    for (const { notifier } of this.#registrations) flags |= notifier.flags
    return flags
  }

  #drop(notifier: Notifier): void {
    listOf.delete(notifier)
    this.#registrations = this.#registrations.filter((registration) => {
      if (registration.notifier === notifier) registration.live = false
      return registration.live
    })
  }
}
