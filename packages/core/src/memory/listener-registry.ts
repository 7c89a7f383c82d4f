import { HostbridgeError } from '../errors.ts'
import type { AddressSpace } from './address-space.ts'
import type { MemoryListener } from './listener.ts'

/** A listener with the space it listens to. */
export interface Registration {
  readonly listener: MemoryListener
  readonly space: AddressSpace
}

/** All listeners of a memory system in ascending priority, at equal priority as registered (LC-11). */
export class ListenerRegistry {
  #registrations: readonly Registration[] = []

  get all(): readonly Registration[] {
    return this.#registrations
  }

  /** Those of one space, in the same order. */
  of(space: AddressSpace): Registration[] {
    return this.#registrations.filter((registration) => registration.space === space)
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
    this.#registrations = this.#registrations.toSpliced(behind < 0 ? this.#registrations.length : behind, 0, {
      listener,
      space,
    })
  }

  remove(listener: MemoryListener): void {
    this.#registrations = this.#registrations.filter((registration) => registration.listener !== listener)
  }
}
