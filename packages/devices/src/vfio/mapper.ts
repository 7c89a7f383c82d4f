import { HostbridgeError } from '@hostbridge/core'
import {
  type AddressSpace,
  type FlatRange,
  Permission,
  type PermissionBits,
  type RefusedRun,
} from '@hostbridge/core/memory'
import { GuestRam } from './guest-ram.ts'
import type { HostMemory } from './host-memory.ts'
import { HostTable } from './host-table.ts'
import { RamLease } from './ram-lease.ts'
import { type RefusalCode, RefusedFrames } from './refused-frames.ts'
import { RunCutter } from './run-cutter.ts'
import type { MappableSection } from './section-filter.ts'
import type { Type1Iommu } from './type1-iommu.ts'

/**
 * Maps what a guest maps in its host's page table, cut to what the host can do.
 *
 * Outside a transaction each change is made as a whole or not at all; inside one everything that fits is made, and the
 * transaction is taken back as a whole. Either way {@link takeRefused} says what was refused since it was last asked.
 */
export class Mapper {
  readonly table: HostTable
  readonly #iommu: Type1Iommu
  readonly #lease: RamLease
  readonly #cutter: RunCutter
  readonly #refused = new RefusedFrames()
  readonly #guest: AddressSpace
  /** Where the open transaction found the lease. */
  #mark: number | undefined
  /** Who fills the page table in the open transaction, if not the container. */
  #sink: object | undefined

  /** `guest` is the guest's system memory. */
  constructor(iommu: Type1Iommu, memory: HostMemory, guest: AddressSpace) {
    this.#iommu = iommu
    this.#guest = guest
    this.table = new HostTable(iommu, memory.space)
    this.#lease = new RamLease(memory)
    const ram = new GuestRam(guest, (region) => this.#lease.frameOf(region))
    this.#cutter = new RunCutter(iommu, ram, this.#refused)
  }

  get inTransaction(): boolean {
    return this.#mark !== undefined
  }

  /** @throws HostbridgeError `vfio.sink-open` while a sink has the transaction; `what` says what has to wait. */
  checkFree(what: string): void {
    if (this.#sink === undefined) return
    throw new HostbridgeError(
      'vfio.sink-open',
      `${what} has to wait: a sink is filling the page table; commit it first`,
    )
  }

  /** Whether `sink` has the transaction. */
  isFilledBy(sink: object): boolean {
    return this.#sink === sink
  }

  /** Takes back what a sink has done, if one has the transaction: for what cannot wait. */
  abandonSink(): void {
    if (this.#sink !== undefined) this.rollback()
  }

  /** Opens the one transaction there can be. */
  begin(sink?: object): void {
    this.#sink = sink
    this.#mark = this.#lease.mark()
    this.table.table.begin()
  }

  commit(): void {
    this.#mark = undefined
    this.#sink = undefined
    this.table.table.commit()
  }

  /** Makes the page table byte for byte what it was, gives back what the host has lent since, and forgets refusals. */
  rollback(): void {
    this.takeRefused()
    this.table.table.rollback()
    this.#lease.backTo(this.#mark ?? 0)
    this.#mark = undefined
    this.#sink = undefined
  }

  /** Gives RAM back that has left the guest, where no entry leads to it any more. Costs a walk over the table if some has. */
  giveBackGone(): void {
    if (this.inTransaction) return
    const present = new Set(this.#guest.flatView.ranges.map(({ mappable }) => mappable?.memory))
    this.#lease.keep((memory, first, frames) => present.has(memory) || this.table.leadsTo(first, frames))
  }

  /** Gives back all that the host has lent; nothing may be mapped any more. */
  close(): void {
    this.#lease.backTo(0)
  }

  /** Maps `frames` pages from `iova` to those of the guest's memory from `target`, in entries up to `2^maxShift` bytes. */
  map(iova: number, frames: number, target: number, permission: PermissionBits, maxShift: number): void {
    const mark = this.#lease.mark()
    this.#cutter.pieces.clear()
    this.#cutter.cutGuest(iova, frames, target, permission, maxShift)
    if (this.inTransaction) {
      this.table.put(iova, frames, this.#cutter.pieces, this.#refused)
    } else {
      this.table.replace(iova, frames, this.#cutter.pieces, this.#refused)
      if (!this.#refused.isEmpty) this.#lease.backTo(mark)
    }
  }

  /** Maps a section of RAM or of a RAM device; ROM, and what is behind a read-only alias, read-only (VS-5). Inside a transaction only. */
  mapRam(section: FlatRange, { first, frames }: MappableSection): void {
    const base = section.mappable && this.#lease.frameOf(section.mappable)
    if (base === undefined) {
      this.refuse(first, frames, 'host-memory')
      return
    }
    const permission = section.readonly ? Permission.read : Permission.readWrite
    this.#cutter.pieces.clear()
    this.#cutter.cutHost(first, frames, base + first + section.shiftFrames, permission)
    this.table.put(first, frames, this.#cutter.pieces, this.#refused)
  }

  unmap(iova: number, frames: number): void {
    if (this.inTransaction) this.table.clear(iova, frames, this.#refused)
    else this.table.remove(iova, frames, this.#refused)
  }

  refuse(iova: number, frames: number, code: RefusalCode): void {
    this.#refused.add(iova, frames, code)
  }

  /** What was refused, ascending, neighbours of one reason merged; `undefined` where nothing was. */
  takeRefused(): readonly RefusedRun[] | undefined {
    if (this.#refused.isEmpty) return undefined
    return this.#refused.take((code) => this.#iommu.reasonOf(code))
  }
}
