import type { AddressSpace } from './address-space.ts'
import type { FlatView } from './flat-view.ts'
import type { MemoryRegion } from './memory-region.ts'
import { ShownView } from './shown-view.ts'
import { spread } from './spread.ts'
import { ViewPath } from './view-path.ts'
import { viewStep } from './view-root.ts'

const NO_VIEWS: readonly FlatView[] = []

/**
 * What the spaces of one system show. A space that nobody listens to asks for its view when it is looked at: a change costs
 * nothing for those that have not been since the last one.
 */
export class SpaceViews {
  readonly #views = new Set<ShownView>()
  #touchedRegions: MemoryRegion[] = []
  #touchedViews: ShownView[] = []
  #stale: ViewPath[] = []
  /** Of the change that is being told: the views that it changed, and what spaces with another way showed before. */
  #updated: readonly ShownView[] = []
  /** Views that nobody has been told of. */
  #fresh: FlatView[] = []
  #rerouted = new Map<AddressSpace, FlatView>()
  /** Spaces from this one on still show what they showed before (TX-6). */
  #turn = Number.POSITIVE_INFINITY
  /** Spaces that were looked at before it was their turn. */
  #early: AddressSpace[] = []

  /** Takes a space in. */
  enter(space: AddressSpace): void {
    this.#pathOf(space.root).spaces.add(space)
  }

  /** Forgets a space, which shows nothing from then on. */
  leave(space: AddressSpace): void {
    const path = space.root.path as ViewPath
    path.end.followers.delete(space)
    path.spaces.delete(space)
    this.#rerouted.delete(space)
    this.#release(path)
  }

  /** What a space shows. It is remembered as one that has looked: its view is taken from it when it changes. */
  viewOf(space: AddressSpace): FlatView {
    const path = space.root.path as ViewPath
    path.end.followers.add(space)
    if (space.order < this.#turn) return path.view
    this.#early.push(space)
    return this.#rerouted.get(space) ?? path.viewBefore
  }

  /** Takes a region of which something may have changed, once until {@link render}. */
  touched(region: MemoryRegion): void {
    this.#touchedRegions.push(region)
  }

  /** Notes that what decides a step has changed. */
  stale(path: ViewPath): void {
    if (path.isStale) return
    path.isStale = true
    this.#stale.push(path)
  }

  /** Notes that anything may have changed anywhere. */
  touchAll(): void {
    for (const view of this.#views) view.touchAll()
  }

  /**
   * Brings all views up to date, and gives the spaces that show something else and have looked since the last change, in any order.
   * Of those that somebody listens to, some may be left out: they are told of every change, and {@link viewAfter} lets them look.
   */
  render(isListenedTo: (space: AddressSpace) => boolean): AddressSpace[] {
    const regions = this.#touchedRegions
    this.#touchedRegions = []
    for (const region of regions) for (const window of region.takeTouched()) spread(region, window)
    const changed: AddressSpace[] = []
    if (this.#stale.length > 0) this.#reroute(changed)
    const touched = this.#touchedViews
    this.#touchedViews = []
    this.#updated = touched
    for (const view of touched) {
      const { path } = view.region
      if (path?.shown !== view || !view.update()) continue
      this.#fresh.push(view.view)
      for (const space of path.followers) {
        if (isListenedTo(space)) continue
        changed.push(space)
        path.followers.delete(space)
      }
    }
    return changed
  }

  /** Lets the spaces before one show what they do now, all of them where there is none. */
  turnTo(space: AddressSpace | undefined): void {
    this.#turn = space?.order ?? Number.POSITIVE_INFINITY
    if (this.#early.length > 0) this.#expireEarly()
  }

  /** Lets every space show again what it did before. */
  turnBack(): void {
    this.#turn = 0
  }

  /** How the view of a space came from the one that it still has, where that is known. */
  patchesOf(space: AddressSpace): ReturnType<ShownView['patchesFrom']> {
    return (space.root.path as ViewPath).end.shown?.patchesFrom(space.flatView)
  }

  /** What a space shows as soon as it is told; it goes on to look. */
  viewAfter(space: AddressSpace): FlatView {
    const path = space.root.path as ViewPath
    path.end.followers.add(space)
    return path.view
  }

  /** Hands over the views that came to be shown since the last time. */
  takeFresh(): readonly FlatView[] {
    if (this.#fresh.length === 0) return NO_VIEWS
    const fresh = this.#fresh
    this.#fresh = []
    return fresh
  }

  /** Forgets what was before: it is told. */
  settle(): void {
    this.turnTo(undefined)
    for (const view of this.#updated) view.settle()
    this.#updated = []
    if (this.#rerouted.size > 0) this.#rerouted = new Map()
  }

  #expireEarly(): void {
    const waiting: AddressSpace[] = []
    for (const space of this.#early) {
      if (space.order < this.#turn) space.expireView()
      else waiting.push(space)
    }
    this.#early = waiting
  }

  /** Takes every step anew that may have changed. */
  #reroute(changed: AddressSpace[]): void {
    const stale = this.#stale
    this.#stale = []
    const turning: ViewPath[] = []
    for (const path of stale) {
      path.isStale = false
      if (path.region.path === path && path.step !== viewStep(path.region)) turning.push(path)
    }
    for (const path of turning) {
      const { end } = path
      const { view } = end
      for (const space of path.users()) {
        if (!this.#rerouted.has(space)) this.#rerouted.set(space, view)
        if (end.followers.delete(space)) changed.push(space)
      }
    }
    const left: ViewPath[] = []
    for (const path of turning) {
      if (path.next !== undefined) {
        path.next.sources.delete(path)
        left.push(path.next)
      }
      path.next = undefined
      const before = path.shown
      path.shown = undefined
      if (before !== undefined) this.#views.delete(before)
      this.#lead(path)
    }
    // Only now: one space may have come to what another has left.
    for (const path of left) this.#release(path)
  }

  #pathOf(region: MemoryRegion): ViewPath {
    if (region.path !== undefined) return region.path
    const path = new ViewPath(region)
    region.path = path
    region.target?.sight.watchSize(path)
    this.#lead(path)
    return path
  }

  #lead(path: ViewPath): void {
    const { region } = path
    const step = viewStep(region)
    if (step === region) {
      path.shown = new ShownView(region, (view) => this.#touchedViews.push(view))
      this.#views.add(path.shown)
      this.#fresh.push(path.shown.view)
      region.sightIfAny?.moved()
    } else if (step !== undefined) {
      path.next = this.#pathOf(step)
      path.next.sources.add(path)
    }
  }

  /** Forgets a region by which no space comes any more. */
  #release(path: ViewPath): void {
    if (path.isUsed || path.region.path !== path) return
    const { region, next, shown } = path
    region.path = undefined
    region.target?.sight.unwatchSize(path)
    if (shown !== undefined) this.#views.delete(shown)
    if (next === undefined) return
    next.sources.delete(path)
    this.#release(next)
  }
}
