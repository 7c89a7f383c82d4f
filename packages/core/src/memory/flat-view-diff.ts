import type { AddressSpace } from './address-space.ts'
import type { FlatRange } from './flat-range.ts'
import type { FlatView } from './flat-view.ts'
import type { MemoryListener } from './listener.ts'
import type { ListenerCalls } from './listener-calls.ts'

/**
 * Tells the listeners of one space how its view changes: first all that goes, then what stays and what comes, each in
 * ascending order (LC-1, LC-2). A range that changed in any way goes and comes (LC-3, LC-4).
 *
 * `listeners` are in ascending priority; `regionDel` visits them backwards (LC-5).
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
    for (const listener of backwards) calls.del(listener, gone, space)
  })
  const stays = (range: FlatRange) => {
    for (const listener of listeners) calls.nop(listener, range, space)
  }
  const comes = (range: FlatRange) => {
    for (const listener of listeners) calls.add(listener, range, space)
  }
  compare(before.ranges, after.ranges, undefined, stays, comes)
}

type Visit = (range: FlatRange) => void

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
      stays?.(fresh)
      i++
      j++
    } else if (old !== undefined && (fresh === undefined || old.start <= fresh.start)) {
      gone?.(old)
      i++
    } else if (fresh !== undefined) {
      comes?.(fresh)
      j++
    } else {
      return
    }
  }
}
