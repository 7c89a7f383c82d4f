import type { Range } from '../address/range.ts'
import type { AddressSpace } from './address-space.ts'
import type { FlatRange } from './flat-range.ts'
import type { RamSection } from './ram-section.ts'
import type { EventfdSection } from './space-eventfds.ts'

/** A mapping that somebody could not take: what, and why, in words that end up in an error message. */
export interface RefusedRun {
  /** First address, in the address space where the mapping was to appear. */
  readonly iova: bigint
  /** Bytes, up to 2^64. */
  readonly size: bigint
  /** Stable: `page-size`, `iova-range`, `limit`, `not-ram`, … */
  readonly code: string
  /** A clause that continues "refused:". */
  readonly reason: string
}

/** Every run of a mapping that was refused; nothing of them is in place. */
export type Refusal = readonly RefusedRun[]

/**
 * Is told how the flat view of an address space changes (QEMU `MemoryListener`).
 *
 * Within a commit: `begin`, then for each address space all `regionDel`, then all `regionNop` and `regionAdd` in
 * ascending order, then `commit` (rules TX-3, LC-1, LC-2). On registration: `begin`, `regionAdd` and `logStart` for each
 * section, `commit` (LR-2).
 * During all of them an access through the address space still meets the old view (TX-6).
 *
 * A listener whose `regionAdd` returns a refusal keeps nothing of the refused runs; the refusals of a commit
 * are thrown together, to whoever changed the map, when the commit is complete.
 * A change of the map from inside a callback is committed when all callbacks of the commit, or of the registration, have
 * run. Who listens cannot change meanwhile.
 */
export interface MemoryListener {
  readonly name: string
  /** Listeners are called in ascending priority, `regionDel` and `logStop` in descending (LC-5); at equal priority as registered (LC-11). */
  readonly priority: number
  begin?(): void
  regionAdd?(section: FlatRange, space: AddressSpace): Refusal | undefined
  regionDel?(section: FlatRange, space: AddressSpace): void
  regionNop?(section: FlatRange, space: AddressSpace): void
  /** Bits were added to the dirty mask of a section that stays; a new section brings its mask with it (LC-7). */
  logStart?(section: FlatRange, space: AddressSpace, before: number, after: number): void
  /** Bits were taken from the dirty mask of a section that stays, or of any section when it is unregistered. */
  logStop?(section: FlatRange, space: AddressSpace, before: number, after: number): void
  /** Brings in what the listener has logged of a section itself (DL-8). A listener has this or {@link logSyncGlobal}. */
  logSync?(section: FlatRange, space: AddressSpace): void
  /** Brings in all that the listener has logged itself; after the last stage nothing is written any more. */
  logSyncGlobal?(isLastStage: boolean): void
  /** Pages of a section that is logged were made clean. */
  logClear?(section: RamSection, space: AddressSpace): void
  /** Global tracking begins; a string refuses it with that reason (DL-9). */
  logGlobalStart?(): string | undefined
  /** Global tracking is over, after the `logStop` of every section; or it could not begin. */
  logGlobalStop?(): void
  /** All listeners have brought in what they had, and bits were cleared. */
  logGlobalAfterSync?(): void
  /** Writes to `part` of a section, in addresses of the space, may be put off from now on; the section came before. */
  coalescedAdd?(section: FlatRange, part: Range, space: AddressSpace): void
  /** Takes `coalescedAdd` back; the section goes after it. Listeners are called in descending priority. */
  coalescedDel?(section: FlatRange, part: Range, space: AddressSpace): void
  /** A write signals a notifier. Listeners are called in descending priority (LC-6), maybe outside of begin and commit (TX-4). */
  eventfdAdd?(eventfd: EventfdSection, space: AddressSpace): void
  /** Takes `eventfdAdd` back. Listeners are called in ascending priority (LC-6). */
  eventfdDel?(eventfd: EventfdSection, space: AddressSpace): void
  commit?(): void
}
