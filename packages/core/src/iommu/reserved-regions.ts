import { formatRange, type Range, RangeMap, WHOLE_SPACE } from '../address/index.ts'
import { HostbridgeError } from '../errors.ts'

/** What may not be mapped: `reserved` addresses reach nothing, `msi` ones are interrupts. */
export type ReservedKind = 'reserved' | 'msi'

/** Addresses that a guest must not map. */
export interface ReservedRange extends Range {
  readonly kind: ReservedKind
}

/**
 * The addresses between `within.start` and `within.last` that lie in none of `ranges`, ascending, each range as large as
 * possible. `ranges` may be in any order and overlap.
 */
export function invertRanges(ranges: Iterable<Range>, within: Range = WHOLE_SPACE): Range[] {
  const inverse: Range[] = []
  let start = within.start
  for (const range of [...ranges].sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))) {
    if (start > within.last) break
    const end = range.start - 1n < within.last ? range.start - 1n : within.last
    if (start <= end) inverse.push({ start, last: end })
    if (range.last >= start) start = range.last + 1n
  }
  if (start <= within.last) inverse.push({ start, last: within.last })
  return inverse
}

/**
 * What one endpoint may not map: what its host cannot translate, and over that what the machine reserves, which cuts or
 * splits the host's (VI-15).
 */
export class ReservedRegions {
  readonly #machine: readonly ReservedRange[]
  readonly #endpoint: string
  #hostRanges: readonly Range[] | undefined
  #regions: RangeMap<ReservedKind>

  /** `endpoint` is for messages. */
  constructor(endpoint: string, machine: readonly ReservedRange[] = []) {
    this.#endpoint = endpoint
    this.#machine = machine
    this.#regions = this.#build([])
  }

  /** The reserved ranges, ascending; neighbours of one kind stay as they were given. */
  get ranges(): ReservedRange[] {
    return Array.from(this.#regions, ({ start, last, value }) => ({ start, last, kind: value }))
  }

  /** What an address is reserved for. */
  kindOf(iova: bigint): ReservedKind | undefined {
    return this.#regions.get(iova)
  }

  /**
   * Takes the ranges that the host can translate: everything else is reserved from then on.
   *
   * @throws HostbridgeError `iommu.host-ranges` where the endpoint's host has been asked before (VI-15).
   */
  setHostRanges(usable: readonly Range[]): void {
    if (this.#hostRanges !== undefined) {
      const known = this.#hostRanges.map(formatRange).join(', ')
      throw new HostbridgeError(
        'iommu.host-ranges',
        `the host of '${this.#endpoint}' cannot translate other addresses than before: it had said ${known}; ` +
          'give devices behind one requester id one host',
        { endpoint: this.#endpoint },
      )
    }
    this.#hostRanges = usable
    this.#regions = this.#build(invertRanges(usable))
  }

  #build(unusable: readonly Range[]): RangeMap<ReservedKind> {
    const regions = new RangeMap<ReservedKind>({ equal: () => false })
    for (const range of unusable) regions.insert(range, 'reserved')
    for (const range of this.#machine) regions.insert(range, range.kind)
    return regions
  }
}
