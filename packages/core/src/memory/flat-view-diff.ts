import type { AddressSpace } from './address-space.ts'
import { coalescedIn } from './coalesced-ranges.ts'
import type { FlatRange } from './flat-range.ts'
import type { FlatView } from './flat-view.ts'
import type { MemoryListener } from './listener.ts'
import type { ListenerCalls } from './listener-calls.ts'

/**
 * Tells the listeners of one space how its view changes: first all that goes, then what stays and what comes, each in
 * ascending order (LC-1, LC-2). A range that changed in any way but its dirty mask goes and comes (LC-3, LC-4).
 *
 * `listeners` are in ascending priority; `regionDel` and `logStop` visit them backwards (LC-5).
 */
export function tellDifference(
  space: AddressSpace,
  before: FlatView,
  after: FlatView,
  listeners: readonly MemoryListener[],
  calls: ListenerCalls,
): void {
  if (listeners.length === 0) return
  const backwards = listeners.toReversed()
  compare(before.ranges, after.ranges, (gone) => {
    space.eventfds.note(gone)
    for (const part of coalescedIn(gone)) {
      for (const listener of backwards) calls.coalescedDel(listener, gone, part, space)
    }
    for (const listener of backwards) calls.del(listener, gone, space)
  })
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
  compare(before.ranges, after.ranges, undefined, stays, comes)
}

type Visit = (range: FlatRange, old: FlatRange) => void

/** Walks two views together in ascending order of addresses. */
function compare(
  before: readonly FlatRange[],
  after: readonly FlatRange[],
  gone?: Visit,
  stays?: Visit,
  comes?: Visit,
): void {
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
