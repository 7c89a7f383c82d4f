import { HostbridgeError } from '../errors.ts'
import type { AddressSpace } from './address-space.ts'
import type { MemoryListener } from './listener.ts'

/** A listener with the space it listens to. */
export interface Registration {
  readonly listener: MemoryListener
  readonly space: AddressSpace
}

const NONE: readonly MemoryListener[] = []

/** All listeners of a memory system in ascending priority, at equal priority as registered (LC-11). */
export class ListenerRegistry {
  #registrations: readonly Registration[] = []
  #bySpace: ReadonlyMap<AddressSpace, readonly MemoryListener[]> | undefined

  get all(): readonly Registration[] {
    return this.#registrations
  }

  /** Those of one space, in the same order. */
  of(space: AddressSpace): readonly MemoryListener[] {
    return this.#grouped.get(space) ?? NONE
  }

  /** The spaces that somebody listens to, in the order in which they were made. */
  get spaces(): Iterable<AddressSpace> {
    return this.#grouped.keys()
  }

  get #grouped(): ReadonlyMap<AddressSpace, readonly MemoryListener[]> {
    this.#bySpace ??= grouped(this.#registrations)
    return this.#bySpace
  }

  /** @throws HostbridgeError `memory.listener` where it listens already. */
  add(listener: MemoryListener, space: AddressSpace): void {
    const existing = this.#registrations.find((registration) => registration.listener === listener)
    if (existing !== undefined) {
      throw new HostbridgeError(
        'memory.listener',
        `'${listener.name}' cannot listen to '${space.name}': it listens to '${existing.space.name}'; unregister it there first`,
        { listener: listener.name, space: space.name, existing: existing.space.name },
      )
    }
    if (listener.logSync !== undefined && listener.logSyncGlobal !== undefined) {
      throw new HostbridgeError(
        'memory.listener-sync',
        `'${listener.name}' cannot listen to '${space.name}' with both logSync and logSyncGlobal: it has one of them`,
        { listener: listener.name, space: space.name },
      )
    }
    const behind = this.#registrations.findIndex((registration) => registration.listener.priority > listener.priority)
    this.#bySpace = undefined
    this.#registrations = this.#registrations.toSpliced(behind < 0 ? this.#registrations.length : behind, 0, {
      listener,
      space,
    })
  }

  remove(listener: MemoryListener): void {
    this.#bySpace = undefined
    this.#registrations = this.#registrations.filter((registration) => registration.listener !== listener)
  }
}

function grouped(registrations: readonly Registration[]): Map<AddressSpace, MemoryListener[]> {
  const groups = Map.groupBy(registrations, ({ space }) => space)
  const inOrder = [...groups].sort(([one], [other]) => one.order - other.order)
  return new Map(inOrder.map(([space, group]) => [space, group.map(({ listener }) => listener)]))
}
