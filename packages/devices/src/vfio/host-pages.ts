import { HostbridgeError } from '@hostbridge/core'
import { frameOf, PAGE_SHIFT } from '@hostbridge/core/address'
import { runMeta } from '@hostbridge/core/iommu'
import type { RefusedFrames } from './refused-frames.ts'
import type { RunBuffer } from './run-buffer.ts'

const LARGEST_SHIFT = 63

/**
 * The page sizes of a host, and how a stretch of memory is laid out in them.
 *
 * @throws HostbridgeError `vfio.page-sizes` unless there is a size, and each is a different power of two from 4 KiB to 2^63.
 */
export class HostPages {
  /** In bytes, ascending. */
  readonly sizes: readonly bigint[]
  /** log2 of each size, ascending. */
  readonly shifts: readonly number[]
  readonly #frames: readonly number[]

  constructor(sizes: readonly bigint[]) {
    this.sizes = [...sizes].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    const allowed = (size: bigint, index: number): boolean =>
      size >= 1n << BigInt(PAGE_SHIFT) &&
      size <= 1n << BigInt(LARGEST_SHIFT) &&
      (size & (size - 1n)) === 0n &&
      size !== this.sizes[index + 1]
    const bad = this.sizes.find((size, index) => !allowed(size, index))
    if (this.sizes.length === 0 || bad !== undefined) {
      const named = bad === undefined ? 'no page size' : `a page of ${bad} bytes`
      throw new HostbridgeError(
        'vfio.page-sizes',
        `a host IOMMU cannot have ${named}: give different powers of two from 4 KiB to 2^63`,
        { pageSizes: sizes },
      )
    }
    this.#frames = this.sizes.map(frameOf)
    this.shifts = this.#frames.map((frames) => PAGE_SHIFT + Math.log2(frames))
  }

  /** The smallest page in bytes: what the section filter rounds to. */
  get smallest(): bigint {
    return this.sizes[0]!
  }

  /** The most entries that cutting pages at both ends of a range can make. */
  get mostCutPieces(): number {
    return this.#frames.reduce((sum, frames, index) => sum + 2 * (frames / (this.#frames[index - 1] ?? frames) - 1), 0)
  }

  /**
   * Lays the `frames` page frames from `iova` out in the largest pages that both addresses allow, none larger than
   * `maxShift` (log2 of bytes), and appends one run to `out` for each stretch of equal pages. What is too short or too
   * crooked for the smallest page is refused as `page-size`.
   *
   * The pages of a stretch of guest entries are those of its entries one by one: `maxShift` is at most their size.
   */
  layOut(
    iova: number,
    frames: number,
    target: number,
    permission: number,
    maxShift: number,
    out: RunBuffer,
    refused: RefusedFrames,
  ): void {
    const largest = this.#largestFor(iova, target, maxShift)
    const smallest = this.#frames[0]!
    const end = iova + frames
    const first = Math.ceil(iova / smallest) * smallest
    const last = Math.floor(end / smallest) * smallest
    if (largest < 0 || first >= last) {
      refused.add(iova, frames, 'page-size')
      return
    }
    if (first > iova) refused.add(iova, first - iova, 'page-size')
    for (let at = first; at < last; ) {
      let index = largest
      while (at % this.#frames[index]! !== 0 || at + this.#frames[index]! > last) index--
      const page = this.#frames[index]!
      let stop = at + Math.floor((last - at) / page) * page
      if (index < largest) {
        const larger = this.#frames[index + 1]!
        const boundary = Math.ceil(at / larger) * larger
        if (boundary > at && boundary + larger <= last) stop = boundary
      }
      out.push(at, stop - at, target + (at - iova), runMeta(permission, this.shifts[index]!))
      at = stop
    }
    if (end > last) refused.add(last, end - last, 'page-size')
  }

  /** The index of the largest size up to `maxShift` that both addresses are equally far into a page of, or -1. */
  #largestFor(iova: number, target: number, maxShift: number): number {
    let found = -1
    for (let index = 0; index < this.#frames.length; index++) {
      const page = this.#frames[index]!
      if (this.shifts[index]! > maxShift || (page > 1 && iova % page !== target % page)) break
      found = index
    }
    return found
  }
}

/** Writes a page size as the field does: `64 KiB`. */
export function formatPageSize(size: bigint): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']
  let unit = 0
  while (size >= 1024n && size % 1024n === 0n && unit < units.length - 1) {
    size /= 1024n
    unit++
  }
  return `${size} ${units[unit]}`
}
