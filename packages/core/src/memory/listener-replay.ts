import type { AddressSpace } from './address-space.ts'
import { coalescedIn } from './coalesced-ranges.ts'
import type { MemoryListener } from './listener.ts'
import { ListenerCalls } from './listener-calls.ts'
import type { ListenerRegistry } from './listener-registry.ts'

/** Registers a listener and tells it what is there: `begin`, `regionAdd` and `logStart` ascending, `commit` (LR-2). */
export function registerListener(registry: ListenerRegistry, space: AddressSpace, listener: MemoryListener): void {
  registry.add(listener, space)
  const calls = new ListenerCalls()
  calls.begin(listener)
  if (space.system.dirtyLog.tracking.reasons !== 0) calls.globalStart(listener, space.system.name)
  for (const section of space.flatView.ranges) {
    calls.add(listener, section, space)
    for (const part of coalescedIn(section)) calls.coalescedAdd(listener, section, part, space)
    if (section.dirtyMask !== 0) calls.logStart(listener, section, space, 0, section.dirtyMask)
  }
  space.eventfds.tellAll(listener, calls)
  calls.commit(listener)
  try {
    calls.finish(`what '${listener.name}' was to map of '${space.name}'`)
  } catch (error) {
    registry.remove(listener)
    throw error
  }
}

/** Tells a listener that everything goes, ascending, and forgets it (LR-3). */
export function unregisterListener(registry: ListenerRegistry, space: AddressSpace, listener: MemoryListener): void {
  if (!registry.of(space).includes(listener)) return
  const calls = new ListenerCalls()
  calls.begin(listener)
  for (const section of space.flatView.ranges) {
    if (section.dirtyMask !== 0) calls.logStop(listener, section, space, section.dirtyMask, 0)
    for (const part of coalescedIn(section)) calls.coalescedDel(listener, section, part, space)
    calls.del(listener, section, space)
  }
  space.eventfds.takeAll(listener, calls)
  calls.commit(listener)
  registry.remove(listener)
  space.eventfds.keepFor(registry.of(space))
  calls.finish(`unregistering '${listener.name}'`)
}
