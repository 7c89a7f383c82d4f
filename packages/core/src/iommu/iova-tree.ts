import {
  formatRange,
  hex,
  type Range,
  type RangeEntry,
  RangeMap,
  rangeOf,
  sizeOf,
  WHOLE_SPACE,
} from '../address/index.ts'
import { HostbridgeError } from '../errors.ts'
import type { PermissionBits } from '../memory/translator.ts'

/** Where a range of IOVAs leads. */
export interface IovaTarget {
  readonly translatedAddress: bigint
  readonly permission: PermissionBits
}

/** A range of IOVAs with where it leads. */
export type IovaMapping = RangeEntry<IovaTarget>

export interface IovaAllocation {
  /** Where the range may lie; anywhere unless told. */
  readonly within?: Range
  /** The range begins at a multiple of it, a power of two; of 4 KiB unless told. */
  readonly alignment?: bigint
}

/** Mappings that were announced, ordered by IOVA, each kept as it is: none overlap, none merge, none are cut (QEMU's iova tree). */
export class IovaTree implements Iterable<IovaMapping> {
  readonly #map = new RangeMap<IovaTarget>({ equal: () => false })

  /** The number of mappings. */
  get size(): number {
    return this.#map.size
  }

  /**
   * Adds a mapping in O(log n).
   *
   * @throws HostbridgeError `iommu.iova-overlap` where one of its addresses is mapped.
   */
  insert(range: Range, target: IovaTarget): void {
    const existing = this.find(range)
    if (existing !== undefined) {
      throw new HostbridgeError(
        'iommu.iova-overlap',
        `${formatRange(range)} cannot be mapped: ${formatRange(existing)} is mapped already; remove it first`,
        { start: range.start, last: range.last, existingStart: existing.start, existingLast: existing.last },
      )
    }
    this.#map.insert(range, target)
  }

  /** The first mapping that has an address in common with `range`. */
  find(range: Range): IovaMapping | undefined {
    const { value } = this.#map.overlapping(range).next()
    return value === undefined ? undefined : value
  }

  /** The mapping around an address. */
  at(iova: bigint): IovaMapping | undefined {
    return this.#map.entryAt(iova)
  }

  /** The mappings that have an address in common with `range`, ascending. */
  overlapping(range: Range): Iterable<IovaMapping> {
    return this.#map.overlapping(range)
  }

  /** Removes every mapping that has an address in common with `range`, as a whole; returns them, ascending. */
  remove(range: Range): IovaMapping[] {
    const removed = [...this.#map.overlapping(range)]
    for (const mapping of removed) this.#map.remove(mapping)
    return removed
  }

  clear(): void {
    this.#map.clear()
  }

  /**
   * Finds the lowest free range of `size` bytes, and maps it; `undefined` where there is none. Costs as many steps as there
   * are mappings below it.
   *
   * @throws HostbridgeError `iommu.iova-alignment`, `address.range`.
   */
  allocate(size: bigint, target: IovaTarget, options: IovaAllocation = {}): Range | undefined {
    const within = options.within ?? WHOLE_SPACE
    const alignment = options.alignment ?? 4096n
    if (alignment < 1n || (alignment & (alignment - 1n)) !== 0n) {
      throw new HostbridgeError(
        'iommu.iova-alignment',
        `a range cannot be aligned to ${hex(alignment)} bytes: give a power of two`,
        { alignment },
      )
    }
    if (size < 1n || size > sizeOf(within)) return undefined
    let start = alignUp(within.start, alignment)
    for (const mapping of this.#map.overlapping(within)) {
      if (start + size <= mapping.start) break
      const next = alignUp(mapping.last + 1n, alignment)
      if (next > start) start = next
    }
    if (start + size - 1n > within.last) return undefined
    const range = rangeOf(start, size)
    this.#map.insert(range, target)
    return range
  }

  [Symbol.iterator](): Iterator<IovaMapping> {
    return this.#map[Symbol.iterator]()
  }
}

function alignUp(address: bigint, alignment: bigint): bigint {
  return (address + alignment - 1n) & ~(alignment - 1n)
}
