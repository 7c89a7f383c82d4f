import type { Refusal } from '../listener.ts'
import type { RamRegion } from '../ram-region.ts'
import { BlockStates } from './block-states.ts'

export interface MemoryAttributesOptions {
  /** Bytes of a host page; 4 KiB unless told. */
  readonly pageSize?: bigint
  /**
   * Whether a conversion that a listener refuses is taken back; QEMU keeps the new attribute and those who have accepted
   * keep the memory (RD-8).
   */
  readonly rollback?: boolean
}

/** What became of a conversion: `invalid` is the host's EINVAL; a refusal says which listener's words stopped it. */
export type ConversionResult = 'done' | 'invalid' | Refusal

/**
 * Which memory of a confidential guest is shared with the host, and so usable by devices, and which is private (RD-8). All
 * is private at first.
 */
export class MemoryAttributes extends BlockStates {
  readonly #rollback: boolean

  constructor(region: RamRegion, options: MemoryAttributesOptions = {}) {
    super(region, options.pageSize ?? 4096n, false)
    this.#rollback = options.rollback ?? false
  }

  /** Makes a range shared. Blocks that differ are asked for one by one; the first refusal ends it. */
  share(offset: bigint, size: bigint): ConversionResult {
    const range = this.#blocksAt(offset, size)
    if (range === undefined) return 'invalid'
    const { first, last } = range
    if (!this.blocks.any(first, last)) return this.#shareBlocks(first, last) ?? 'done'
    for (const run of [...this.blocks.clearRuns(first, last)]) {
      for (let block = run.first; block <= run.last; block++) {
        const refusal = this.#shareBlocks(block, block)
        if (refusal !== undefined) return refusal
      }
    }
    return 'done'
  }

  /** Makes a range private. Blocks that differ are announced one by one. */
  makePrivate(offset: bigint, size: bigint): ConversionResult {
    const range = this.#blocksAt(offset, size)
    if (range === undefined) return 'invalid'
    const { first, last } = range
    if (this.blocks.all(first, last)) {
      this.#hideBlocks(first, last)
      return 'done'
    }
    for (const run of [...this.blocks.runs(first, last)]) {
      for (let block = run.first; block <= run.last; block++) this.#hideBlocks(block, block)
    }
    return 'done'
  }

  #shareBlocks(first: number, last: number): Refusal | undefined {
    this.blocks.setRange(first, last)
    const offsets = this.offsetsOfBlocks(first, last)
    if (!this.#rollback) return this.listeners.populateKeeping(offsets)
    const refusal = this.listeners.populate(offsets)
    if (refusal !== undefined) this.blocks.clearRange(first, last)
    return refusal
  }

  #hideBlocks(first: number, last: number): void {
    this.blocks.clearRange(first, last)
    this.listeners.discard(this.offsetsOfBlocks(first, last))
  }

  #blocksAt(offset: bigint, size: bigint): { readonly first: number; readonly last: number } | undefined {
    const aligned = offset % this.granularity === 0n && size % this.granularity === 0n
    if (!aligned || offset < 0n || size < 1n || offset + size > this.region.size) return undefined
    return this.blocksOf({ start: offset, last: offset + size - 1n })
  }
}
