import type { Range } from '../../address/range.ts'
import { hex, intersect, rangeOf } from '../../address/range.ts'
import { HostbridgeError } from '../../errors.ts'
import type { RamRegion } from '../ram-region.ts'
import { cutSection, offsetsOf, type RamSection } from '../ram-section.ts'
import { SparseBitmap } from '../sparse-bitmap.ts'
import { DiscardListeners } from './discard-listeners.ts'
import type { DiscardListener, RamDiscardManager, SectionVisit } from './ram-discard-manager.ts'

/** The smallest block: one page. */
const LEAST_BLOCK = 4096n

/** A manager that has one bit a block: set where the block is populated. Subclasses say who changes them, and by which rules. */
export abstract class BlockStates implements RamDiscardManager {
  readonly region: RamRegion
  readonly granularity: bigint
  protected readonly blocks: SparseBitmap
  protected readonly listeners: DiscardListeners

  /** @throws HostbridgeError `memory.discard-block` unless blocks are powers of two from 4 KiB on. */
  protected constructor(region: RamRegion, blockSize: bigint, populated: boolean) {
    if (typeof blockSize !== 'bigint' || blockSize < LEAST_BLOCK || (blockSize & (blockSize - 1n)) !== 0n) {
      throw new HostbridgeError(
        'memory.discard-block',
        `'${region.name}' cannot be populated in blocks of ${hex(blockSize)} bytes: use a power of two of at least 0x1000`,
        { region: region.name, blockSize },
      )
    }
    this.region = region
    this.granularity = blockSize
    this.blocks = new SparseBitmap(Number((region.size + blockSize - 1n) / blockSize), populated)
    this.listeners = new DiscardListeners(region.name, (section) => this.#parts(section, true))
  }

  get name(): string {
    return this.region.name
  }

  isPopulated(section: RamSection): boolean {
    return this.arePopulated(offsetsOf(section))
  }

  replayPopulated<T>(section: RamSection, visit: SectionVisit<T>): T | undefined {
    return visitEach(this.#parts(section, true), visit)
  }

  replayDiscarded<T>(section: RamSection, visit: SectionVisit<T>): T | undefined {
    return visitEach(this.#parts(section, false), visit)
  }

  register(listener: DiscardListener, section: RamSection): void {
    this.listeners.register(listener, section)
  }

  unregister(listener: DiscardListener): void {
    this.listeners.unregister(listener)
  }

  /** Whether every block around `offsets` is populated; false where there are none. */
  protected arePopulated(offsets: Range): boolean {
    const { first, last } = this.blocksOf(offsets)
    return last < this.blocks.length && this.blocks.all(first, last)
  }

  /** The numbers of the blocks around `offsets`. */
  protected blocksOf({ start, last }: Range): { readonly first: number; readonly last: number } {
    return { first: Number(start / this.granularity), last: Number(last / this.granularity) }
  }

  /** The offsets of blocks; the last one may be cut off by the region's end. */
  protected offsetsOfBlocks(first: number, last: number): Range {
    const end = BigInt(last + 1) * this.granularity
    return { start: BigInt(first) * this.granularity, last: (end < this.region.size ? end : this.region.size) - 1n }
  }

  *#parts(section: RamSection, populated: boolean): Generator<RamSection, void, undefined> {
    const shown = intersect(offsetsOf(section), rangeOf(0n, this.region.size))
    if (shown === undefined) return
    const { first, last } = this.blocksOf(shown)
    const runs = populated ? this.blocks.runs(first, last) : this.blocks.clearRuns(first, last)
    for (const run of runs) {
      const part = cutSection(section, this.offsetsOfBlocks(run.first, run.last))
      if (part !== undefined) yield part
    }
  }
}

function visitEach<T>(sections: Iterable<RamSection>, visit: SectionVisit<T>): T | undefined {
  for (const section of sections) {
    const result = visit(section)
    if (result !== undefined) return result
  }
  return undefined
}
