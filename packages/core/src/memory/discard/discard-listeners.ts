import { formatRange, type Range } from '../../address/range.ts'
import { HostbridgeError } from '../../errors.ts'
import type { Refusal } from '../listener.ts'
import { MappingRefusedError } from '../mapping-refused-error.ts'
import { cutSection, type RamSection } from '../ram-section.ts'
import type { DiscardListener } from './ram-discard-manager.ts'

/** Which parts of a section are populated, ascending, each as large as possible. */
export type PopulatedParts = (section: RamSection) => Iterable<RamSection>

interface Registration {
  readonly listener: DiscardListener
  /** A copy: the view that it comes from may be gone. */
  readonly section: RamSection
}

/** The listeners of one discard manager, newest first (RD-4). */
export class DiscardListeners {
  readonly #owner: string
  readonly #populatedParts: PopulatedParts
  /** Replaced, never changed: an announcement goes on with those that it began with. */
  #registrations: readonly Registration[] = []

  /** `owner` names the manager in messages. */
  constructor(owner: string, populatedParts: PopulatedParts) {
    this.#owner = owner
    this.#populatedParts = populatedParts
  }

  get size(): number {
    return this.#registrations.length
  }

  /** @throws MappingRefusedError, HostbridgeError `memory.discard-listener`; then the listener does not listen. */
  register(listener: DiscardListener, section: RamSection): void {
    const existing = this.#registrations.find((registration) => registration.listener === listener)
    if (existing !== undefined) {
      throw new HostbridgeError(
        'memory.discard-listener',
        `'${listener.name}' cannot follow ${formatRange(section)} of '${this.#owner}': it follows ` +
          `${formatRange(existing.section)} there; unregister it, or make a second listener`,
        { listener: listener.name, manager: this.#owner, start: section.start, last: section.last },
      )
    }
    const { region, start, last, offset, readonly } = section
    const copy: RamSection = { region, start, last, offset, readonly }
    this.#registrations = [{ listener, section: copy }, ...this.#registrations]
    const refusal = this.#populateAll({ listener, section: copy })
    if (refusal === undefined) return
    this.#forget(listener)
    throw new MappingRefusedError(`what '${listener.name}' was to take of '${this.#owner}'`, refusal)
  }

  unregister(listener: DiscardListener): void {
    const registration = this.#registrations.find((candidate) => candidate.listener === listener)
    if (registration === undefined) return
    this.#discardPopulated(registration)
    this.#forget(listener)
  }

  /**
   * Asks everybody, newest first, for `offsets` of the region. At the first refusal those who have accepted are told that it
   * is discarded, and the refusal is returned (RD-5).
   */
  populate(offsets: Range): Refusal | undefined {
    const told: Registration[] = []
    for (const registration of this.#registrations) {
      const part = cutSection(registration.section, offsets)
      if (part === undefined) continue
      const refusal = registration.listener.populate(part)
      if (refusal !== undefined && refusal.length > 0) {
        for (const { listener, section } of told) listener.discard(cutSection(section, offsets) as RamSection)
        return refusal
      }
      told.push(registration)
    }
    return undefined
  }

  /** As {@link populate}, and who has accepted keeps it (RD-8). */
  populateKeeping(offsets: Range): Refusal | undefined {
    for (const { listener, section } of this.#registrations) {
      const part = cutSection(section, offsets)
      const refusal = part && listener.populate(part)
      if (refusal !== undefined && refusal.length > 0) return refusal
    }
    return undefined
  }

  /** Tells everybody, newest first, that `offsets` of the region have gone. */
  discard(offsets: Range): void {
    for (const { listener, section } of this.#registrations) {
      const part = cutSection(section, offsets)
      if (part !== undefined) listener.discard(part)
    }
  }

  /** Tells everybody that all has gone (RD-5); call it while the manager still knows what was populated. */
  discardAll(): void {
    for (const registration of this.#registrations) this.#discardPopulated(registration)
  }

  /**
   * Asks everybody for what is populated now, after the manager's state was loaded (RD-12). The refusals of all are
   * returned together; who has refused has been told that all of its section is gone.
   */
  populateLoaded(): Refusal | undefined {
    const refused = this.#registrations.flatMap((registration) => this.#populateAll(registration) ?? [])
    return refused.length > 0 ? refused : undefined
  }

  /** Asks one listener for each populated part; what it took is discarded again when it refuses. */
  #populateAll({ listener, section }: Registration): Refusal | undefined {
    const accepted: RamSection[] = []
    for (const part of this.#populatedParts(section)) {
      const refusal = listener.populate(part)
      if (refusal !== undefined && refusal.length > 0) {
        for (const taken of accepted) listener.discard(taken)
        return refusal
      }
      accepted.push(part)
    }
    return undefined
  }

  #discardPopulated({ listener, section }: Registration): void {
    if (listener.doubleDiscard) listener.discard(section)
    else for (const part of this.#populatedParts(section)) listener.discard(part)
  }

  #forget(listener: DiscardListener): void {
    this.#registrations = this.#registrations.filter((registration) => registration.listener !== listener)
  }
}
