import { ADDRESS_SPACE_SIZE, formatRange, frameRangeOf, hex, PAGE_SHIFT, rangeOf } from '../address/index.ts'
import { HostbridgeError } from '../errors.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import type { Refusal } from '../memory/listener.ts'
import { MappingRefusedError } from '../memory/mapping-refused-error.ts'
import { Permission, type PermissionBits, type Translation } from '../memory/translator.ts'
import { type IommuEvent, unmapEvent } from './event.ts'
import { Iommu } from './iommu.ts'
import { entriesOf, eventsOf, type Mapping } from './mapping.ts'
import { NotifierFlag } from './notifier.ts'
import { RadixTable } from './radix-table.ts'
import type { RunCursor } from './run.ts'
import type { WorkerSource } from './source.ts'

export interface PageTableIommuOptions {
  /** Default `iommu`. */
  readonly name?: string
  /** Bytes of the window, up to exactly 2^64, which is the default. */
  readonly size?: bigint
  /** The address space that mappings lead to. */
  readonly target: AddressSpace
  /** The sizes that entries may have, powers of two; default all from 4 KiB on. The smallest is the IOMMU's page. */
  readonly pageSizes?: readonly bigint[]
  /** The most bytes that the table may take; see {@link RadixTable}. */
  readonly maxBytes?: number
}

/** Bytes of the window, relative to its beginning. */
export interface MappedRange {
  readonly iova: bigint
  readonly size: bigint
}

type Change = 'map' | 'unmap'

/** An IOMMU whose owner says what is mapped: no guest, no format of a manual. */
export class PageTableIommu extends Iommu {
  override readonly target: AddressSpace
  override readonly pageShift: number
  /** The mappings; what is changed here directly, nobody is told. */
  readonly table: RadixTable
  /** The range of the change that notifiers are being told of. */
  #announcing: MappedRange | undefined

  /** @throws HostbridgeError `iommu.page-sizes`, `iommu.table-size`, `memory.size`. */
  constructor(options: PageTableIommuOptions) {
    super(options.name ?? 'iommu', options.size ?? ADDRESS_SPACE_SIZE)
    this.target = options.target
    this.table = new RadixTable({
      ...(options.pageSizes && { shifts: options.pageSizes.map(shiftOfSize).sort((a, b) => a - b) }),
      ...(options.maxBytes !== undefined && { maxBytes: options.maxBytes }),
    })
    this.pageShift = this.table.shifts[0] ?? PAGE_SHIFT
  }

  /**
   * Maps, in place of whatever lies there, and tells the notifiers: where something was mapped it is announced as gone
   * first (ND-8), then each size of entries is announced, ascending.
   *
   * @throws MappingRefusedError when a notifier refuses or the table is full; the table and the notifiers are as before then.
   * @throws HostbridgeError `iommu.mapping` for what cannot be made of whole entries, or begins outside the window;
   *   `iommu.busy` from a callback that is being told of a change.
   */
  map(mapping: Mapping): void {
    const entries = this.#entriesOf(mapping)
    this.#announce('map', mapping, entries, () => this.#write(entries))
  }

  /**
   * Unmaps a range, of which nothing need be mapped; of entries that lie partly there the rest stays. It is announced as
   * one event, and not at all where nothing was mapped.
   *
   * @throws MappingRefusedError, HostbridgeError as {@link map}.
   */
  unmap(range: MappedRange): void {
    this.#announce('unmap', range, [], () => this.#clear(range))
  }

  /** As {@link map}, and nobody is told. */
  store(mapping: Mapping): void {
    this.#check('map', mapping, this.#write(this.#entriesOf(mapping)))
  }

  /** As {@link unmap}, and nobody is told. */
  erase(range: MappedRange): void {
    this.#check('unmap', range, this.#clear(range))
  }

  override translate(frame: number, access: PermissionBits, out: Translation): void {
    this.table.translate(frame, access, out)
    if (out.permission === Permission.none) out.shift = this.pageShift
    out.target = this.target
  }

  override runs(firstFrame: number, lastFrame: number): RunCursor {
    return this.table.runs(firstFrame, lastFrame)
  }

  override source(): WorkerSource {
    return this.table.source()
  }

  #entriesOf(mapping: Mapping): IommuEvent[] {
    if (mapping.iova >= this.region.size) {
      throw new HostbridgeError(
        'iommu.mapping',
        `${hex(mapping.iova)} lies outside '${this.name}', which has ${hex(this.region.size)} bytes: map inside the window`,
        { ...mapping },
      )
    }
    return entriesOf(mapping, this.table.shifts)
  }

  #announce(what: Change, range: MappedRange, entries: readonly IommuEvent[], change: () => Refusal | undefined): void {
    if (this.notifierFlags === NotifierFlag.none && this.watch === undefined) {
      this.#check(what, range, change())
      return
    }
    const { first, last } = frameRangeOf(rangeOf(range.iova, range.size))
    const gone = unmapEvent(first, last - first + 1)
    const before = eventsOf(this.runs(first, last))
    const refusal = this.#together(() => {
      const full = change()
      if (full !== undefined) return full
      this.#announcing = range
      return this.notify(before.length > 0 ? [gone, ...entries] : entries, [gone, ...before])
    })
    this.#check(what, range, refusal)
  }

  #write(entries: readonly IommuEvent[]): Refusal | undefined {
    this.#checkIdle()
    if (entries.length > 1) return this.#together(() => this.#writeAll(entries))
    return this.#writeAll(entries)
  }

  #writeAll(entries: readonly IommuEvent[]): Refusal | undefined {
    for (const { frame, frames, target, permission, shift } of entries) {
      const refusal = this.table.map(frame, frames, target, permission, shift)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  #clear({ iova, size }: MappedRange): Refusal | undefined {
    this.#checkIdle()
    const { first, last } = frameRangeOf(rangeOf(iova, size))
    return this.table.unmap(first, last - first + 1)
  }

  /** Makes a change of which the table keeps all, or, when it is refused or throws, nothing. */
  #together(change: () => Refusal | undefined): Refusal | undefined {
    this.table.begin()
    let kept = false
    try {
      const refusal = change()
      kept = refusal === undefined
      return refusal
    } finally {
      this.#announcing = undefined
      if (kept) this.table.commit()
      else this.table.rollback()
    }
  }

  /** A change inside the announcement of another would be taken back with it, untold. */
  #checkIdle(): void {
    if (this.#announcing === undefined) return
    const { iova, size } = this.#announcing
    throw new HostbridgeError(
      'iommu.busy',
      `a notifier cannot change '${this.name}' while it is told of ${formatRange(rangeOf(iova, size))}: change it afterwards`,
      { iommu: this.name, iova, size },
    )
  }

  #check(what: Change, { iova, size }: MappedRange, refusal: Refusal | undefined): void {
    if (refusal === undefined) return
    throw new MappingRefusedError(`the ${what} of ${formatRange(rangeOf(iova, size))} in '${this.name}'`, refusal)
  }
}

function shiftOfSize(size: bigint): number {
  const shift = size.toString(2).length - 1
  if (size >= 1n && size === 1n << BigInt(shift)) return shift
  throw new HostbridgeError(
    'iommu.page-sizes',
    `an IOMMU cannot have pages of ${hex(size)} bytes: give powers of two`,
    { size },
  )
}
