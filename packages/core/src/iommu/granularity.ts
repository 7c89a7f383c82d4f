import { frameOf, hex, PAGE_SIZE, PAGE_SIZE_BIGINT } from '../address/index.ts'
import { HostbridgeError } from '../errors.ts'

/**
 * The positions 0, g, 2g, … below a region's size, as the frames that they lie in; no bigint after the constructor.
 *
 * With g = `stepFrames` pages + `stepBytes` bytes, position k lies in frame k·stepFrames + ⌊k·stepBytes / 4096⌋. Cut as
 * below, every product stays under 2^53, for k up to 2^52.
 */
export class ProbePositions {
  /** The frame of the last position inside the region. */
  readonly lastFrame: number
  /** g in pages, rounded up: entries of as many pages are found wherever they lie. */
  readonly pages: number
  readonly #stepFrames: number
  readonly #stepBytes: number

  /**
   * `size` is the region's, 1 to 2^64; `granularity` is g in bytes, from 1; it may exceed the region, then only position 0 is left.
   *
   * @throws HostbridgeError `iommu.granularity` for 0 and less, which would step for ever.
   */
  constructor(size: bigint, granularity: bigint) {
    if (granularity < 1n) {
      throw new HostbridgeError(
        'iommu.granularity',
        `a replay cannot advance by ${hex(granularity)} bytes: give a granularity of at least one byte`,
        { granularity },
      )
    }
    // Beyond the region no step differs from any other, and the numbers stay small.
    const step = granularity < size ? granularity : size
    this.lastFrame = frameOf(((size - 1n) / granularity) * granularity)
    this.#stepFrames = Number(step / PAGE_SIZE_BIGINT)
    this.#stepBytes = Number(step % PAGE_SIZE_BIGINT)
    this.pages = this.#stepFrames + (this.#stepBytes > 0 ? 1 : 0)
  }

  /** The frame of the first position that is not before page `frame`; the position may be outside the region. */
  frameFrom(frame: number): number {
    // One position a page or more: the next one is in this page.
    if (this.#stepFrames === 0) return frame
    // The quotient is off by less than one, so this is the wanted position or one before it.
    let k = Math.floor(frame / (this.#stepFrames + this.#stepBytes / PAGE_SIZE))
    while (this.#frameAt(k) < frame) k++
    return this.#frameAt(k)
  }

  #frameAt(k: number): number {
    const high = Math.floor(k / PAGE_SIZE)
    const low = k - high * PAGE_SIZE
    return k * this.#stepFrames + high * this.#stepBytes + Math.floor((low * this.#stepBytes) / PAGE_SIZE)
  }
}
