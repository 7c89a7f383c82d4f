import type { AddressSpace } from './address-space.ts'
import type { EventNotifier } from './event-notifier.ts'
import { compareEventfds } from './eventfd-list.ts'
import type { FlatRange } from './flat-range.ts'
import type { FlatView } from './flat-view.ts'
import type { MemoryListener } from './listener.ts'
import type { ListenerCalls } from './listener-calls.ts'

/** An eventfd where an address space shows it; not cut to the range that shows it (EF-6). */
export interface EventfdSection {
  /** The view that is in use while listeners are told. */
  readonly view: FlatView
  /** First address; below 0 where the range shows only the end of the eventfd at the beginning of the space. */
  readonly start: bigint
  /** Bytes of the write; 0 is any size. */
  readonly size: number
  /** What must be written, as the device sees it; `undefined` is anything. */
  readonly data: bigint | undefined
  readonly notifier: EventNotifier
}

/** The eventfds that an address space shows, kept while a listener wants to hear of them (LC-9). */
export class SpaceEventfds {
  readonly #space: AddressSpace
  #shown: readonly EventfdSection[] | undefined
  /** A range with eventfds has come or gone. */
  #stale = false

  constructor(space: AddressSpace) {
    this.#space = space
  }

  /** Ascending by start, size, data, notifier; empty where nobody listens. */
  get shown(): readonly EventfdSection[] {
    return this.#shown ?? []
  }

  /** Notes that a range comes or goes, before {@link update}. */
  note({ region }: FlatRange): void {
    if (region.hasEventfds) this.#stale = true
  }

  /** Looks at the space's view, if it must, and tells `listeners` what has changed (LC-8): removal in ascending priority, addition in descending (LC-6). `changed` says that eventfds came or went. */
  update(listeners: readonly MemoryListener[], calls: ListenerCalls, changed: boolean): void {
    if (!listeners.some(wantsEventfds)) return
    if (!changed && !this.#stale) return
    this.#stale = false
    const before = this.shown
    const after = eventfdsOf(this.#space.flatView)
    this.#shown = after
    const backwards = listeners.toReversed()
    let i = 0
    let j = 0
    while (i < before.length || j < after.length) {
      const [old, fresh] = [before[i], after[j]]
      const order = old === undefined ? 1 : fresh === undefined ? -1 : compare(old, fresh)
      if (order < 0) for (const listener of listeners) calls.eventfdDel(listener, old as EventfdSection, this.#space)
      if (order > 0) for (const listener of backwards) calls.eventfdAdd(listener, fresh as EventfdSection, this.#space)
      if (order <= 0) i++
      if (order >= 0) j++
    }
  }

  /** Tells a new listener what is there, though it is the first that wants to know (LR-2, LC-9). */
  tellAll(listener: MemoryListener, calls: ListenerCalls): void {
    if (!wantsEventfds(listener)) return
    this.#shown ??= eventfdsOf(this.#space.flatView)
    for (const eventfd of this.#shown) calls.eventfdAdd(listener, eventfd, this.#space)
  }

  /** Forgets what is shown where nobody of those who still listen wants to hear of it (LC-9). */
  keepFor(listeners: readonly MemoryListener[]): void {
    if (!listeners.some(wantsEventfds)) this.#shown = undefined
  }

  /** Tells a listener that leaves that everything goes (LR-3). */
  takeAll(listener: MemoryListener, calls: ListenerCalls): void {
    for (const eventfd of this.shown) calls.eventfdDel(listener, eventfd, this.#space)
  }
}

function wantsEventfds(listener: MemoryListener): boolean {
  return listener.eventfdAdd !== undefined || listener.eventfdDel !== undefined
}

/** Every eventfd that a range of its region meets, once for each such range. */
function eventfdsOf(view: FlatView): EventfdSection[] {
  const found: EventfdSection[] = []
  for (const range of view.ranges) {
    if (!range.region.hasEventfds) continue
    for (const { offset, size, data, notifier } of range.region.eventfds.entries) {
      const start = BigInt(offset) + range.start - range.offset
      // A size of 0 is a place: it is met where the place is in the range.
      const last = start + BigInt(Math.max(size, 1)) - 1n
      if (start <= range.last && last >= range.start) found.push({ view, start, size, data, notifier })
    }
  }
  return found.sort(compare)
}

function compare(a: EventfdSection, b: EventfdSection): number {
  if (a.start !== b.start) return a.start < b.start ? -1 : 1
  return compareEventfds(a, b)
}
