import type { AddressSpace } from './address-space.ts'
import { coalescedIn } from './coalesced-ranges.ts'
import type { FlatRange } from './flat-range.ts'
import type { FlatView, ViewPatch } from './flat-view.ts'
import type { MemoryListener } from './listener.ts'
import type { ListenerCalls } from './listener-calls.ts'

/**
 * Tells the listeners of one space how its view changes: first all that goes, then what stays and what comes, each in
 * ascending order (LC-1, LC-2). A range that changed in any way but its dirty mask goes and comes (LC-3, LC-4).
 *
 * `patches` say where the views differ, where that is known. They are all that is looked at, unless somebody wants to hear of
 * every range that stays (TX-5). Listeners are in ascending priority; `regionDel` and `logStop` visit them backwards (LC-5).
 */
export function tellDifference(
  space: AddressSpace,
  before: FlatView,
  after: FlatView,
  patches: readonly ViewPatch[] | undefined,
  listeners: readonly MemoryListener[],
  calls: ListenerCalls,
): void {
  const isWhole = patches === undefined || listeners.some(({ regionNop }) => regionNop !== undefined)
  const parts = isWhole ? [{ before: before.ranges, after: after.ranges }] : patches
  if (parts.length === 0) return
  const backwards = listeners.length > 1 ? listeners.toReversed() : listeners
  const goes = (range: FlatRange) => {
    space.eventfds.note(range)
    for (const part of coalescedIn(range)) {
      for (const listener of backwards) calls.coalescedDel(listener, range, part, space)
    }
    for (const listener of backwards) calls.del(listener, range, space)
  }
  const stays = (range: FlatRange, old: FlatRange) => {
    for (const listener of listeners) calls.nop(listener, range, space)
    const [was, is] = [old.dirtyMask, range.dirtyMask]
    if ((is & ~was) !== 0) for (const listener of listeners) calls.logStart(listener, range, space, was, is)
    if ((was & ~is) !== 0) for (const listener of backwards) calls.logStop(listener, range, space, was, is)
  }
  const comes = (range: FlatRange) => {
    for (const listener of listeners) calls.add(listener, range, space)
    space.eventfds.note(range)
    for (const part of coalescedIn(range)) {
      for (const listener of listeners) calls.coalescedAdd(listener, range, part, space)
    }
  }
  for (const part of parts) compare(part, goes)
  for (const part of parts) compare(part, undefined, stays, comes)
}

type Visit = (range: FlatRange, old: FlatRange) => void

/** Walks two lists together in ascending order of addresses. */
function compare({ before, after }: ViewPatch, gone?: Visit, stays?: Visit, comes?: Visit): void {
  let i = 0
  let j = 0
  for (;;) {
    const old = before[i]
    const fresh = after[j]
    if (old !== undefined && fresh?.equals(old)) {
      stays?.(fresh, old)
      i++
      j++
    } else if (old !== undefined && (fresh === undefined || old.start <= fresh.start)) {
      gone?.(old, old)
      i++
    } else if (fresh !== undefined) {
      comes?.(fresh, fresh)
      j++
    } else {
      return
    }
  }
}
