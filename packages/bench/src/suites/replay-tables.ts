import { HostbridgeError } from '@hostbridge/core'
import { type Iommu, LinearTable } from '@hostbridge/core/iommu'
import { type AddressSpace, container, MemorySystem } from '@hostbridge/core/memory'
import { TceTable } from '@hostbridge/devices/spapr'
import { xorshift32 } from './random.ts'

/** What is mapped: every page to itself, none, every second to itself, or 12 of 16 to random pages (`replay_loop.c`). */
export type Pattern = 'dense' | 'empty' | 'half' | 'random'

export const PATTERNS: readonly Pattern[] = ['dense', 'empty', 'half', 'random']

const PERMISSION = 3
const PAGE_SHIFT = 12

/**
 * A TCE table in which every entry has been stored, and of which at most one differs from the pattern.
 *
 * Of an empty table, too, all memory is there: the first entry is mapped, so that the table's segment is made, and then zeros
 * are stored over every entry, which commits the pages.
 */
export class PatternTable {
  readonly pattern: Pattern
  readonly log: number
  readonly entries: number
  readonly table: LinearTable
  readonly iommu: Iommu
  /** How many runs a replay has to find now. */
  runs = 0
  readonly #random: () => number = xorshift32(0x9e37_79b9)
  #changed: number | undefined

  constructor(pattern: Pattern, log: number) {
    this.pattern = pattern
    this.log = log
    this.entries = 2 ** log
    this.table = new LinearTable({ entries: this.entries, pageShift: PAGE_SHIFT })
    this.table.set(0, 0, PERMISSION)
    let before: number | undefined
    for (let index = 0; index < this.entries; index++) {
      const frame = this.#frameOf(index)
      this.#store(index, frame)
      if (frame !== undefined && (before === undefined || frame !== before + 1)) this.runs++
      before = frame
    }
    const tces = new TceTable(0x8000_0000, emptySpace())
    tces.enable({ pageShift: PAGE_SHIFT, busOffset: 0n, entries: this.entries }, this.table)
    this.iommu = tces
  }

  /** Changes one entry: unmaps or maps a random one, or puts that back the next time. */
  changeOne(): void {
    const index = this.#changed ?? this.#random() % this.entries
    this.runs -= this.#runsAt(index)
    if (this.#changed !== undefined) this.#store(index, this.#frameOf(index))
    else this.#store(index, this.#isMapped(index) ? undefined : this.#random())
    this.runs += this.#runsAt(index)
    this.#changed = this.#changed === undefined ? index : undefined
  }

  /** @throws HostbridgeError `bench.runs` unless a replay found the runs and the pages that there are. */
  check(runs: number, pages: number): void {
    if (runs === this.runs && pages === this.table.mapped) return
    throw new HostbridgeError(
      'bench.runs',
      `a replay of ${this.pattern}/${this.log} found ${runs} runs of ${pages} pages: ` +
        `there are ${this.runs} of ${this.table.mapped}`,
      { runs, pages, expectedRuns: this.runs, expectedPages: this.table.mapped },
    )
  }

  /** The page that the pattern maps an entry to; `undefined` for none. */
  #frameOf(index: number): number | undefined {
    const hash = Math.imul(index, 2_654_435_761) >>> 0
    switch (this.pattern) {
      case 'dense':
        return index
      case 'empty':
        return undefined
      case 'half':
        return (index & 1) === 1 ? index : undefined
      case 'random':
        return (hash & 15) < 12 ? hash : undefined
    }
  }

  #store(index: number, frame: number | undefined): void {
    if (frame === undefined) this.table.set(index, 0, 0)
    else this.table.set(index, frame >>> 20, (frame << PAGE_SHIFT) | PERMISSION)
  }

  /** Runs that an entry can begin, or end so that the next one begins one. */
  #runsAt(index: number): number {
    return (this.#beginsRun(index) ? 1 : 0) + (this.#beginsRun(index + 1) ? 1 : 0)
  }

  #beginsRun(index: number): boolean {
    if (!this.#isMapped(index)) return false
    return index === 0 || !this.#isMapped(index - 1) || this.#target(index) !== this.#target(index - 1) + 1
  }

  #isMapped(index: number): boolean {
    return (this.table.low(index) & PERMISSION) !== 0
  }

  #target(index: number): number {
    return this.table.high(index) * 2 ** 20 + (this.table.low(index) >>> PAGE_SHIFT)
  }
}

function emptySpace(): AddressSpace {
  return new MemorySystem('bench').createSpace('memory', container('nothing'))
}
