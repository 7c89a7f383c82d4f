import type { Range } from '../address/range.ts'
import type { AddressSpace } from './address-space.ts'
import { trackingRefused } from './dirty/global-tracking.ts'
import type { FlatRange } from './flat-range.ts'
import type { MemoryListener, RefusedRun } from './listener.ts'
import { MappingRefusedError } from './mapping-refused-error.ts'
import type { EventfdSection } from './space-eventfds.ts'

/**
 * Calls listeners and remembers what went wrong, so that one that refuses or throws keeps no other from being told:
 * {@link finish} tells whoever set the calls off.
 */
export class ListenerCalls {
  #refused: RefusedRun[] | undefined
  #failures: unknown[] | undefined
  /** Where the first refused run lies. */
  #space: AddressSpace | undefined

  begin(listener: MemoryListener): void {
    if (listener.begin !== undefined) this.#attempt(() => listener.begin?.())
  }

  add(listener: MemoryListener, section: FlatRange, space: AddressSpace): void {
    try {
      const refusal = listener.regionAdd?.(section, space)
      if (refusal === undefined) return
      for (const run of refusal) {
        this.#space ??= space
        this.#refused ??= []
        this.#refused.push(run)
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  del(listener: MemoryListener, section: FlatRange, space: AddressSpace): void {
    try {
      listener.regionDel?.(section, space)
    } catch (error) {
      this.#fail(error)
    }
  }

  nop(listener: MemoryListener, section: FlatRange, space: AddressSpace): void {
    if (listener.regionNop !== undefined) this.#attempt(() => listener.regionNop?.(section, space))
  }

  /** Tells of global tracking that is on already (LR-2); a listener that cannot is an error. */
  globalStart(listener: MemoryListener, system: string): void {
    this.#attempt(() => {
      const reason = listener.logGlobalStart?.()
      if (reason !== undefined) throw trackingRefused(system, listener.name, reason)
    })
  }

  logStart(listener: MemoryListener, section: FlatRange, space: AddressSpace, before: number, after: number): void {
    if (listener.logStart !== undefined) this.#attempt(() => listener.logStart?.(section, space, before, after))
  }

  logStop(listener: MemoryListener, section: FlatRange, space: AddressSpace, before: number, after: number): void {
    if (listener.logStop !== undefined) this.#attempt(() => listener.logStop?.(section, space, before, after))
  }

  coalescedAdd(listener: MemoryListener, section: FlatRange, part: Range, space: AddressSpace): void {
    if (listener.coalescedAdd !== undefined) this.#attempt(() => listener.coalescedAdd?.(section, part, space))
  }

  coalescedDel(listener: MemoryListener, section: FlatRange, part: Range, space: AddressSpace): void {
    if (listener.coalescedDel !== undefined) this.#attempt(() => listener.coalescedDel?.(section, part, space))
  }

  eventfdAdd(listener: MemoryListener, eventfd: EventfdSection, space: AddressSpace): void {
    if (listener.eventfdAdd !== undefined) this.#attempt(() => listener.eventfdAdd?.(eventfd, space))
  }

  eventfdDel(listener: MemoryListener, eventfd: EventfdSection, space: AddressSpace): void {
    if (listener.eventfdDel !== undefined) this.#attempt(() => listener.eventfdDel?.(eventfd, space))
  }

  commit(listener: MemoryListener): void {
    if (listener.commit !== undefined) this.#attempt(() => listener.commit?.())
  }

  /** Throws the first error that a callback threw, else one {@link MappingRefusedError} of all refusals, else nothing. */
  finish(what: string): void {
    if (this.#failures !== undefined) throw this.#failures[0]
    if (this.#space !== undefined && this.#refused !== undefined) {
      throw new MappingRefusedError(what, this.#refused, { space: this.#space })
    }
  }

  #fail(error: unknown): void {
    this.#failures ??= []
    this.#failures.push(error)
  }

  #attempt(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#fail(error)
    }
  }
}
