import { HostbridgeError } from '@hostbridge/core'
import { formatRange, type Range, WHOLE_SPACE } from '@hostbridge/core/address'
import { formatPageSize, HostPages } from './host-pages.ts'
import type { RefusalCode } from './refused-frames.ts'

/** What a host's IOMMU can map; the defaults are those of a roomy x86 host. */
export interface Type1Options {
  /** Page sizes in bytes, powers of two from 4 KiB to 2^63; 4 KiB, 2 MiB and 1 GiB by default. */
  readonly pageSizes?: readonly bigint[]
  /** The IOVAs that may be mapped, both ends inside, disjoint, cut at the smallest page; every address by default (DM-6). */
  readonly iovaRanges?: readonly Range[]
  /** How many page-table entries one container may hold; no limit by default. Linux limits mappings instead (DM-5). */
  readonly maxEntries?: number
  /** The most bytes that one container's page table may take; 1 GiB by default, which is used as it is needed. */
  readonly maxTableBytes?: number
  /** Makes every mapped page readable, as Linux does even for a guest that permits writing alone (DM-1); off by default. */
  readonly alwaysReadable?: boolean
}

/**
 * The abilities of a host's IOMMU, in the model of Linux's type 1: any container may map any memory at any usable IOVA.
 *
 * @throws HostbridgeError `vfio.page-sizes`, `vfio.iova-ranges` or `vfio.max-entries`, naming the bad value.
 */
export class Type1Iommu {
  /** Ascending. */
  readonly pageSizes: readonly bigint[]
  /** Ascending. */
  readonly iovaRanges: readonly Range[]
  readonly maxEntries: number
  readonly alwaysReadable: boolean
  readonly maxTableBytes: number
  readonly pages: HostPages

  constructor(options: Type1Options = {}) {
    this.pages = new HostPages(options.pageSizes ?? [1n << 12n, 1n << 21n, 1n << 30n])
    this.pageSizes = this.pages.sizes
    this.iovaRanges = checkedRanges(options.iovaRanges ?? [WHOLE_SPACE], this.pages.smallest)
    this.maxEntries = options.maxEntries ?? Infinity
    this.alwaysReadable = options.alwaysReadable ?? false
    this.maxTableBytes = options.maxTableBytes ?? 2 ** 30
    if (!(this.maxEntries === Infinity || (Number.isSafeInteger(this.maxEntries) && this.maxEntries >= 0))) {
      throw new HostbridgeError(
        'vfio.max-entries',
        `a host IOMMU cannot be limited to ${this.maxEntries} entries: give a whole number, or leave it out for no limit`,
        { maxEntries: this.maxEntries },
      )
    }
  }

  /** Says in words why something is refused; continues "refused:". */
  reasonOf(code: RefusalCode): string {
    switch (code) {
      case 'page-size':
        return `it fills no page of the host, which has pages of ${this.pageSizes.map(formatPageSize).join(', ')}`
      case 'iova-range':
        return `it is outside the host's IOVA ranges ${this.iovaRanges.map(formatRange).join(', ')}`
      case 'limit':
        return `the host's page table is full with ${this.maxEntries} entries`
      case 'not-ram':
        return "it leads to no RAM in the guest's memory"
      case 'host-memory':
        return 'the host has no memory left for it'
      case 'target':
        return "its IOMMU leads to another address space than the guest's memory"
      case 'no-replay':
        return 'its IOMMU cannot tell what it maps'
    }
  }
}

function checkedRanges(ranges: readonly Range[], page: bigint): readonly Range[] {
  const sorted = [...ranges].sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
  const refuse = (range: Range | undefined, why: string): never => {
    const named = range === undefined ? 'no range at all' : formatRange(range)
    throw new HostbridgeError('vfio.iova-ranges', `a host IOMMU cannot have the IOVA range ${named}: ${why}`, { range })
  }
  if (sorted.length === 0) refuse(undefined, 'give at least one, or leave it out for every address')
  for (const [index, range] of sorted.entries()) {
    if (range.start < 0n || range.last < range.start || range.last > WHOLE_SPACE.last) {
      refuse(range, 'it must lie below 2^64 and hold an address')
    }
    if (range.start % page !== 0n || (range.last + 1n) % page !== 0n) {
      refuse(range, `it must begin and end at a page of ${formatPageSize(page)}, the smallest there is`)
    }
    const next = sorted[index + 1]
    if (next !== undefined && next.start <= range.last) refuse(range, `it overlaps ${formatRange(next)}`)
  }
  return sorted
}
