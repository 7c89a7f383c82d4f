import { frameOf } from '../../address/page-frame.ts'
import { formatRange, type Range, rangeOf } from '../../address/range.ts'
import { HostbridgeError } from '../../errors.ts'
import type { SparseBitmap, SparseBitmapHandle } from '../sparse-bitmap.ts'

/** Which pages of a region were dirty at one moment; what is written later does not change it. */
export class DirtySnapshot {
  /** The bytes of the region that may be asked about. */
  readonly range: Range
  readonly #region: string
  readonly #bits: SparseBitmap

  constructor(region: string, range: Range, bits: SparseBitmap) {
    this.#region = region
    this.range = range
    this.#bits = bits
  }

  /**
   * Whether a page of `size` bytes from `offset` on was dirty (DL-6).
   *
   * @throws HostbridgeError `memory.dirty-snapshot` outside of what was asked for.
   */
  isDirty(offset: bigint, size: bigint): boolean {
    const { start, last } = rangeOf(offset, size)
    if (start < this.range.start || last > this.range.last) {
      throw new HostbridgeError(
        'memory.dirty-snapshot',
        `a snapshot of ${formatRange(this.range)} of '${this.#region}' knows nothing of ${formatRange({ start, last })}: take a larger one`,
        { region: this.#region, start, last },
      )
    }
    return this.#bits.any(frameOf(start), frameOf(last))
  }

  /** The dirty pages as ranges of page frames of the region, ascending, maximal. */
  runs(): ReturnType<SparseBitmap['runs']> {
    return this.#bits.runs(frameOf(this.range.start), frameOf(this.range.last))
  }

  /** The bits for another thread. */
  share(): SparseBitmapHandle {
    return this.#bits.share()
  }
}
