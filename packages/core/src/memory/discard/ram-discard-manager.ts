import type { Refusal } from '../listener.ts'
import type { RamSection } from '../ram-section.ts'

/** Follows which memory of a section is usable: a host's IOMMU, say, that must not pin what a guest has given back. */
export interface DiscardListener {
  readonly name: string
  /** Whether it takes one `discard` of a whole section of which parts are not populated (RD-4). */
  readonly doubleDiscard: boolean
  /** Is asked before memory becomes usable (RD-2); of what it refuses it keeps nothing. */
  populate(section: RamSection): Refusal | undefined
  /** Is told after memory has gone, and cannot refuse (RD-2). */
  discard(section: RamSection): void
}

/** What a walk over sections does with each: anything but `undefined` ends the walk and is its result (RD-10). */
export type SectionVisit<T> = (section: RamSection) => T | undefined

/**
 * Knows which parts of a RAM region are usable (populated) at present, and tells who wants to know; set by
 * {@link RamRegion.setDiscardManager}.
 */
export interface RamDiscardManager {
  readonly name: string
  /** Bytes that are populated or discarded together, a power of two. */
  readonly granularity: bigint
  /** Whether all that a section shows is populated. */
  isPopulated(section: RamSection): boolean
  /** Visits the populated parts of a section, ascending, each as large as possible. */
  replayPopulated<T>(section: RamSection, visit: SectionVisit<T>): T | undefined
  /** Visits the discarded parts of a section, ascending, each as large as possible. */
  replayDiscarded<T>(section: RamSection, visit: SectionVisit<T>): T | undefined
  /**
   * Asks `listener` for what is populated of a section, ascending, and tells it of all changes from then on (RD-4).
   *
   * @throws MappingRefusedError where it refuses: then it does not listen, and what it took has been discarded again.
   * @throws HostbridgeError `memory.discard-listener` where it listens already.
   */
  register(listener: DiscardListener, section: RamSection): void
  /** Tells `listener` that what is populated of its section goes, and no more after that (RD-4). */
  unregister(listener: DiscardListener): void
}
