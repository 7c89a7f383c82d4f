import { frameOf } from '@hostbridge/core/address'
import {
  eventOver,
  Iommu,
  type IommuEventType,
  RadixTable,
  type RunCursor,
  type WorkerSource,
} from '@hostbridge/core/iommu'
import type { AddressSpace, PermissionBits, Translation } from '@hostbridge/core/memory'

/** An entry as recordings write it: naturally aligned, `mask` is its size less one. */
export interface RecordedEntry {
  readonly iova: bigint
  readonly translatedAddr: bigint
  readonly addrMask: bigint
  readonly perm: PermissionBits
}

/** The IOMMU of a recorded scenario: its table and its events are set apart from each other, as the recorder did. */
export class RecordedIommu extends Iommu {
  readonly pageShift: number
  readonly #table = new RadixTable()
  readonly #findTarget: () => AddressSpace

  /** `findTarget` gives the space that translations lead to; it is asked when the first one is made. */
  constructor(name: string, size: bigint, minPageSize: bigint, findTarget: () => AddressSpace) {
    super(name, size)
    this.pageShift = shiftOf(minPageSize)
    this.#findTarget = findTarget
  }

  override get target(): AddressSpace {
    return this.#findTarget()
  }

  override translate(frame: number, access: PermissionBits, out: Translation): void {
    this.#table.translate(frame, access, out)
    out.target = this.target
    if (out.permission === 0) out.shift = this.pageShift
  }

  override runs(firstFrame: number, lastFrame: number): RunCursor {
    return this.#table.runs(firstFrame, lastFrame)
  }

  override source(): WorkerSource {
    return this.#table.source()
  }

  /** Sets what translations answer; tells nobody. */
  set(entry: RecordedEntry): void {
    const size = entry.addrMask + 1n
    this.#table.map(frameOf(entry.iova), Number(size >> 12n), frameOf(entry.translatedAddr), entry.perm, shiftOf(size))
  }

  /** Tells the notifiers of an event; the table stays as it is. */
  announce(type: IommuEventType, entry: RecordedEntry): void {
    const range = { start: entry.iova, last: entry.iova + entry.addrMask }
    this.notify(eventOver(type, range, { translatedAddress: entry.translatedAddr, permission: entry.perm }))
  }
}

function shiftOf(size: bigint): number {
  return size.toString(2).length - 1
}
