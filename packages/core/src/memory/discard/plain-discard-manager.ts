import { formatRange, rangeOf } from '../../address/range.ts'
import { HostbridgeError } from '../../errors.ts'
import { MappingRefusedError } from '../mapping-refused-error.ts'
import type { RamRegion } from '../ram-region.ts'
import { BlockStates } from './block-states.ts'

export interface PlainDiscardOptions {
  /** Bytes of a block, a power of two; 4 KiB unless told. */
  readonly granularity?: bigint
  /** Whether all is populated at first; nothing is unless told. */
  readonly populated?: boolean
}

/** A discard manager whose owner says what is populated: no guest, no protocol. */
export class PlainDiscardManager extends BlockStates {
  constructor(region: RamRegion, options: PlainDiscardOptions = {}) {
    super(region, options.granularity ?? 4096n, options.populated ?? false)
  }

  /**
   * Makes blocks usable, once every listener has accepted each stretch of them that was not (RD-2).
   *
   * @throws MappingRefusedError where one refuses: nothing has changed then, and those told before have been told back.
   * @throws HostbridgeError `memory.discard-range` for what is not whole blocks of the region.
   */
  populate(offset: bigint, size: bigint): void {
    const { first, last } = this.#blocksAt(offset, size)
    const missing = [...this.blocks.clearRuns(first, last)].map((run) => this.offsetsOfBlocks(run.first, run.last))
    for (const [index, offsets] of missing.entries()) {
      const refusal = this.listeners.populate(offsets)
      if (refusal === undefined) continue
      for (const taken of missing.slice(0, index)) this.listeners.discard(taken)
      throw new MappingRefusedError(`populating ${formatRange(rangeOf(offset, size))} of '${this.name}'`, refusal)
    }
    this.blocks.setRange(first, last)
  }

  /**
   * Makes blocks unusable, and tells the listeners of each stretch that was usable (RD-2).
   *
   * @throws HostbridgeError `memory.discard-range` for what is not whole blocks of the region.
   */
  discard(offset: bigint, size: bigint): void {
    const { first, last } = this.#blocksAt(offset, size)
    const gone = [...this.blocks.runs(first, last)]
    this.blocks.clearRange(first, last)
    for (const run of gone) this.listeners.discard(this.offsetsOfBlocks(run.first, run.last))
  }

  #blocksAt(offset: bigint, size: bigint): { readonly first: number; readonly last: number } {
    if (typeof offset !== 'bigint' || typeof size !== 'bigint') {
      throw new HostbridgeError(
        'memory.discard-range',
        `${size} bytes at ${offset} of '${this.name}' are no blocks: give bigints`,
        { region: this.name, offset, size },
      )
    }
    const end = offset + size
    const isEnd = end % this.granularity === 0n || end === this.region.size
    if (offset >= 0n && size > 0n && end <= this.region.size && offset % this.granularity === 0n && isEnd) {
      return this.blocksOf(rangeOf(offset, size))
    }
    throw new HostbridgeError(
      'memory.discard-range',
      `${formatRange({ start: offset, last: end - 1n })} is not made of blocks of '${this.name}': begin and end at multiples of ` +
        `${this.granularity} in the region`,
      { region: this.name, offset, size, granularity: this.granularity },
    )
  }
}
