import type { MemoryRegion } from './memory-region.ts'
import type { ViewPath } from './view-path.ts'

/** Aliases after which those that lead nowhere are looked for. */
const FIRST_SWEEP = 32

/**
 * The places above a region that are not its container: the aliases that show it.
 *
 * An alias above which there is no view sleeps: what it shows does not know it, so that a change costs nothing for it and a tree
 * that was dropped with it is gone. It waits at all regions above it, and wakes when one of them is seen.
 */
export class Sight {
  readonly #awake = new Set<MemoryRegion>()
  #sweepAt = FIRST_SWEEP
  /** Aliases at or below this region that sleep, and wake when this region is seen. */
  #sleepers: Set<MemoryRegion> | undefined
  /** Of an alias that sleeps: the regions that it waits at. */
  #waitsAt: readonly MemoryRegion[] = []
  /** Aliases on the way of a space, whose step depends on this region's size. */
  #sizeWatchers: Set<ViewPath> | undefined

  /** The aliases above which there may be a view. */
  get awake(): ReadonlySet<MemoryRegion> {
    return this.#awake
  }

  /** The aliases at or below this region that sleep. */
  get sleepers(): Iterable<MemoryRegion> {
    return this.#sleepers ?? []
  }

  /** Takes an alias of this region, which has been put somewhere. */
  meet(alias: MemoryRegion): void {
    const places = placesWithoutView(alias)
    if (places === undefined) {
      this.#awake.add(alias)
      this.moved()
    } else {
      Sight.wait(alias, places)
    }
    if (this.#awake.size > this.#sweepAt) this.#sweep()
  }

  /** Forgets an alias. */
  part(alias: MemoryRegion): void {
    if (!this.#awake.delete(alias)) Sight.stopWaiting(alias)
    // What sleeps below this region is not below the alias any more.
    this.moved()
  }

  /** Looks again for what sleeps at or below this region: it has got a view, or has come to another place. */
  moved(): void {
    const sleepers = this.#sleepers
    if (sleepers === undefined) return
    this.#sleepers = undefined
    for (const alias of sleepers) {
      Sight.stopWaiting(alias)
      alias.target?.sight.meet(alias)
    }
  }

  /** Puts an alias to sleep if there is no view above it. */
  rest(alias: MemoryRegion): void {
    const places = placesWithoutView(alias)
    if (places === undefined) return
    this.#awake.delete(alias)
    Sight.wait(alias, places)
  }

  watchSize(path: ViewPath): void {
    this.#sizeWatchers ??= new Set()
    this.#sizeWatchers.add(path)
  }

  unwatchSize(path: ViewPath): void {
    this.#sizeWatchers?.delete(path)
  }

  get sizeWatchers(): Iterable<ViewPath> {
    return this.#sizeWatchers ?? []
  }

  /** Aliases in trees that were dropped are awake until somebody looks. */
  #sweep(): void {
    for (const alias of this.#awake) this.rest(alias)
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#awake.size)
  }

  static wait(alias: MemoryRegion, places: readonly MemoryRegion[]): void {
    alias.sight.#waitsAt = places
    for (const { sight } of places) {
      sight.#sleepers ??= new Set()
      sight.#sleepers.add(alias)
    }
  }

  static stopWaiting(alias: MemoryRegion): void {
    for (const { sight } of alias.sight.#waitsAt) sight.#sleepers?.delete(alias)
    alias.sight.#waitsAt = []
  }
}

/** The regions at and above an alias, or `undefined` where one of them is shown as a view. */
function placesWithoutView(alias: MemoryRegion): readonly MemoryRegion[] | undefined {
  const places = new Set([alias])
  for (const place of places) {
    if (place.view !== undefined) return undefined
    if (place.container !== undefined) places.add(place.container)
    for (const above of place.sightIfAny?.awake ?? []) places.add(above)
  }
  return [...places]
}
