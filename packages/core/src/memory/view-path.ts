import type { AddressSpace } from './address-space.ts'
import type { FlatView } from './flat-view.ts'
import { EMPTY_VIEW } from './flat-view.ts'
import type { MemoryRegion } from './memory-region.ts'
import type { ShownView } from './shown-view.ts'

/**
 * A region that spaces come by on the way from their root to the region whose rendering they show (FV-9).
 *
 * The ways of all spaces are a forest, whose steps are remembered until something changes that decides one: a change costs the
 * steps that it may change, and not a descent for each space.
 */
export class ViewPath {
  readonly region: MemoryRegion
  /** Where it goes on. */
  next: ViewPath | undefined
  /** What is seen, where it ends; nothing is there where nothing is seen. */
  shown: ShownView | undefined
  /** The regions from which spaces come here. */
  readonly sources: Set<ViewPath> = new Set()
  /** The spaces that begin here. */
  readonly spaces: Set<AddressSpace> = new Set()
  /** Where the way ends: the spaces that have looked since the view changed. */
  readonly followers: Set<AddressSpace> = new Set()
  /** Something has changed that decides the step. */
  isStale = false

  constructor(region: MemoryRegion) {
    this.region = region
  }

  /** Whether any space comes by. */
  get isUsed(): boolean {
    return this.sources.size > 0 || this.spaces.size > 0
  }

  get end(): ViewPath {
    let end: ViewPath = this
    while (end.next !== undefined) end = end.next
    return end
  }

  /** What the spaces that come by show. */
  get view(): FlatView {
    return this.end.shown?.view ?? EMPTY_VIEW
  }

  /** What they showed before the change that is being told. */
  get viewBefore(): FlatView {
    return this.end.shown?.before ?? EMPTY_VIEW
  }

  /** The region that {@link next} is of, or this one's where it ends with a view. */
  get step(): MemoryRegion | undefined {
    return this.shown === undefined ? this.next?.region : this.region
  }

  /** Every space that comes by. */
  *users(): Generator<AddressSpace> {
    yield* this.spaces
    for (const source of this.sources) yield* source.users()
  }
}
