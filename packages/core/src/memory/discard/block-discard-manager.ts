import { formatRange, hex, type Range, rangeOf } from '../../address/range.ts'
import { HostbridgeError } from '../../errors.ts'
import type { Refusal } from '../listener.ts'
import type { RamRegion } from '../ram-region.ts'
import { BlockStates } from './block-states.ts'

export interface BlockDiscardOptions {
  /** Bytes of a block, a power of two of at least 4 KiB. */
  readonly blockSize: bigint
  /** How far a guest may plug, in bytes from the region's beginning; all of the region unless told. */
  readonly usableSize?: bigint
  /** How much a guest may have plugged at most, in bytes; 0 unless told. */
  readonly requestedSize?: bigint
  /** Gives memory back to the host: the bytes at these offsets read 0 afterwards. */
  readonly discardBacking?: (offsets: Range) => void
}

/** The answer to a guest's request (virtio 1.2, section 5.15.6: VIRTIO_MEM_RESP_*). */
export type PlugResult = 'ack' | 'nack' | 'busy' | 'error'

/** The state of blocks that a guest asks about; mixed where they differ (VIRTIO_MEM_STATE_*). */
export type PlugState = 'plugged' | 'unplugged' | 'mixed' | 'error'

/**
 * Memory that a guest plugs and unplugs block by block by the rules of virtio-mem (RD-5, RD-6, RD-7). What a guest asks is
 * answered, never thrown; a request costs O(log n) for each stretch that changes.
 */
export class BlockDiscardManager extends BlockStates {
  /** How much the guest is asked to have plugged, in bytes. */
  requestedSize: bigint
  /** How far a guest may plug, in bytes. */
  usableSize: bigint
  readonly #discardBacking: ((offsets: Range) => void) | undefined
  #plugged = 0n

  constructor(region: RamRegion, options: BlockDiscardOptions) {
    super(region, options.blockSize, false)
    this.usableSize = options.usableSize ?? region.size
    this.requestedSize = options.requestedSize ?? 0n
    this.#discardBacking = options.discardBacking
  }

  /** Bytes that are plugged. */
  get pluggedSize(): bigint {
    return this.#plugged
  }

  /**
   * Plugs blocks: `error` for a bad range or where one of them is plugged, `nack` beyond the requested size, `busy` where a
   * listener refuses; the others have been told back then (RD-6).
   */
  plug(offset: bigint, blocks: number): PlugResult {
    const range = this.#requestOf(offset, blocks)
    if (range === undefined) return 'error'
    const size = range.last - range.start + 1n
    if (this.#plugged + size > this.requestedSize) return 'nack'
    const { first, last } = this.blocksOf(range)
    if (this.blocks.any(first, last)) return 'error'
    if (this.listeners.populate(range) !== undefined) return 'busy'
    this.blocks.setRange(first, last)
    this.#plugged += size
    return 'ack'
  }

  /** Unplugs blocks, which must all be plugged: the backing goes, the listeners are told, then the bits are cleared (RD-5). */
  unplug(offset: bigint, blocks: number): PlugResult {
    const range = this.#requestOf(offset, blocks)
    if (range === undefined) return 'error'
    const { first, last } = this.blocksOf(range)
    if (!this.blocks.all(first, last)) return 'error'
    this.#discardBacking?.(range)
    this.listeners.discard(range)
    this.blocks.clearRange(first, last)
    this.#plugged -= range.last - range.start + 1n
    return 'ack'
  }

  /** Unplugs everything: one discard of their whole section for those listeners that take it (RD-5). */
  unplugAll(): PlugResult {
    if (this.#plugged === 0n) return 'ack'
    this.#discardBacking?.(rangeOf(0n, this.region.size))
    this.listeners.discardAll()
    this.blocks.clearRange(0, this.blocks.length - 1)
    this.#plugged = 0n
    return 'ack'
  }

  state(offset: bigint, blocks: number): PlugState {
    const range = this.#requestOf(offset, blocks)
    if (range === undefined) return 'error'
    const { first, last } = this.blocksOf(range)
    if (this.blocks.all(first, last)) return 'plugged'
    return this.blocks.any(first, last) ? 'mixed' : 'unplugged'
  }

  /** The plugged stretches, ascending, for a snapshot. */
  plugged(): Range[] {
    const runs = this.blocks.runs(0, this.blocks.length - 1)
    return Array.from(runs, (run) => this.offsetsOfBlocks(run.first, run.last))
  }

  /**
   * Takes the place of a manager whose plugged stretches were saved, and asks all listeners for them (RD-12): nothing may be
   * plugged here. Returns what they refused.
   *
   * @throws HostbridgeError `memory.discard-range` where something is plugged, or a stretch is not in the region.
   */
  load(plugged: readonly Range[]): Refusal | undefined {
    this.#checkLoaded(plugged)
    for (const range of plugged) {
      const { first, last } = this.blocksOf(range)
      this.blocks.setRange(first, last)
      this.#plugged += range.last - range.start + 1n
    }
    return this.listeners.populateLoaded()
  }

  #checkLoaded(plugged: readonly Range[]): void {
    const { name, size } = this.region
    const wrong = plugged.find(({ start, last }) => start < 0n || last < start || last >= size)
    if (wrong === undefined && this.#plugged === 0n) return
    const why = wrong === undefined ? 'something is plugged already; unplug it first' : `it has ${hex(size)} bytes`
    throw new HostbridgeError(
      'memory.discard-range',
      `what was plugged, ${plugged.map(formatRange).join(', ')}, cannot be loaded into '${name}': ${why}`,
      { region: name, plugged },
    )
  }

  protected override arePopulated(offsets: Range): boolean {
    const { first, last } = this.blocksOf(offsets)
    return BigInt(last + 1) * this.granularity <= this.#usable && this.blocks.all(first, last)
  }

  get #usable(): bigint {
    return this.usableSize < this.region.size ? this.usableSize : this.region.size
  }

  /** The offsets that a request names; `undefined` unless they are blocks inside the usable region. */
  #requestOf(offset: bigint, blocks: number): Range | undefined {
    if (!Number.isSafeInteger(blocks) || blocks < 1 || offset < 0n || offset % this.granularity !== 0n) return undefined
    const end = offset + BigInt(blocks) * this.granularity
    return end <= this.#usable ? { start: offset, last: end - 1n } : undefined
  }
}
