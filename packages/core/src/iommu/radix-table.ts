import { addressOf, hex, LAST_FRAME, PAGE_SHIFT } from '../address/index.ts'
import { HostbridgeError } from '../errors.ts'
import type { Refusal } from '../memory/listener.ts'
import type { PermissionBits, Translation } from '../memory/translator.ts'
import { isEntryStart } from './entry-size.ts'
import { RadixArena } from './radix-arena.ts'
import { entriesCutBy, keepOutside } from './radix-cut.ts'
import { ArenaFull, RadixEditor } from './radix-editor.ts'
import { RadixJournal } from './radix-journal.ts'
import { FRAME_SLOTS, levelOf, NODE_BYTES, type RadixSource, ROOT_LEVEL } from './radix-layout.ts'
import { lookUp, RadixCursor } from './radix-walker.ts'
import type { RunCursor } from './run.ts'

export interface RadixTableOptions {
  /** The most bytes that nodes may take, up to 8 GiB; 1 GiB unless told. Memory is used as it is needed. */
  readonly maxBytes?: number
  /** log2 of the sizes in bytes that entries may have, ascending from 12 to 64; all unless told. */
  readonly shifts?: readonly number[]
}

const ALL_SHIFTS: readonly number[] = Array.from({ length: 53 }, (_, order) => PAGE_SHIFT + order)
const DEFAULT_MAX_BYTES = 2 ** 30

/**
 * A page table over 2^64 bytes that costs what is mapped: six levels of 512 slots in shared memory, entries of any power
 * of two from 4 KiB. How it lies there: `radix-layout.ts`. One thread writes; others read through {@link source}.
 */
export class RadixTable {
  readonly maxBytes: number
  readonly #arena: RadixArena
  readonly #journal: RadixJournal
  readonly #editor: RadixEditor
  readonly #shifts: readonly number[]

  /** @throws HostbridgeError `iommu.table-size`, `iommu.page-sizes`. */
  constructor(options: RadixTableOptions = {}) {
    this.maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES
    this.#shifts = checkShifts(options.shifts ?? ALL_SHIFTS)
    this.#arena = RadixArena.create(this.maxBytes)
    this.#journal = new RadixJournal(this.#arena)
    this.#editor = new RadixEditor(this.#arena, this.#journal)
  }

  /** Entries in the table; one of 1 GiB counts as one. */
  get entries(): number {
    return this.#arena.entries
  }

  /** Bytes of the nodes that have been used so far; behind them the buffer is zero. */
  get bytes(): number {
    return this.#arena.used * NODE_BYTES
  }

  /** log2 of the sizes that entries may have. */
  get shifts(): readonly number[] {
    return this.#shifts
  }

  /**
   * Maps `frames` pages from `frame` on to those from `target` on, in entries of `2^shift` bytes, in place of whatever
   * lies there; entries that lie partly there are cut, as {@link unmap} cuts them. Permission `none` unmaps.
   *
   * Refuses with code `limit` where the nodes would exceed {@link maxBytes}; nothing has changed then. Entries of 4 KiB
   * take about 1 ns each.
   *
   * @throws HostbridgeError `iommu.table-range` unless `frame`, `frames` and `target` are multiples of an allowed size
   *   inside the space.
   */
  map(frame: number, frames: number, target: number, permission: PermissionBits, shift: number): Refusal | undefined {
    if (permission === 0) return this.unmap(frame, frames)
    const size = 2 ** (shift - PAGE_SHIFT)
    const aligned = frame % size === 0 && frames % size === 0 && target % size === 0
    if (
      !aligned ||
      !this.#shifts.includes(shift) ||
      !inSpace(frame, frames) ||
      !inSpace(target, frames) ||
      permission > 3
    ) {
      throw badRange(`map of page frames to ${hex(target)} in entries of 2^${shift} bytes`, frame, frames)
    }
    const cut = entriesCutBy(this.#arena, frame, frame + frames - 1)
    if (cut.length === 0 && this.#arena.reserve(nodesAround(frame, frame + frames - 1, levelOf(shift)))) {
      this.#editor.fill(frame, frames, target, permission, shift)
      return undefined
    }
    return this.#attempt(frame, frames, () => {
      keepOutside(this.#editor, cut, frame, frame + frames - 1, this.#shifts)
      this.#editor.fill(frame, frames, target, permission, shift)
    })
  }

  /**
   * Unmaps `frames` pages from `frame` on, mapped or not. Of an entry that lies only partly there the rest stays, as the
   * largest entries of allowed sizes that it can be cut into; refuses like {@link map} where there are no nodes for those.
   *
   * @throws HostbridgeError `iommu.table-range` unless `frame` and `frames` are multiples of the smallest allowed size.
   */
  unmap(frame: number, frames: number): Refusal | undefined {
    const smallest = this.#shifts[0] as number
    if (!isEntryStart(frame, smallest) || !isEntryStart(frames, smallest) || !inSpace(frame, frames)) {
      throw badRange('unmap', frame, frames)
    }
    const last = frame + frames - 1
    const cut = entriesCutBy(this.#arena, frame, last)
    if (cut.length === 0) {
      this.#editor.clear(frame, last)
      return undefined
    }
    return this.#attempt(frame, frames, () => {
      keepOutside(this.#editor, cut, frame, last, this.#shifts)
      this.#editor.clear(frame, last)
    })
  }

  /** Fills permission, frame and shift of `out` for one page; `target` is the owner's to fill. */
  translate(frame: number, _access: PermissionBits, out: Translation): void {
    lookUp(this.#arena, frame, out)
  }

  runs(firstFrame: number, lastFrame: number): RunCursor {
    return new RadixCursor(this.#arena, firstFrame, lastFrame)
  }

  source(): RadixSource {
    return { kind: 'radix', buffer: this.#arena.buffer }
  }

  /** Begins a transaction, which may hold others. Costs a copy of 4 KiB for each node that changes in it. */
  begin(): void {
    this.#journal.begin()
  }

  /** Ends the innermost transaction and keeps what it did. @throws HostbridgeError `iommu.transaction` without one. */
  commit(): void {
    this.#journal.commit()
  }

  /**
   * Ends the innermost transaction and makes the table's bytes what they were at its begin.
   *
   * @throws HostbridgeError `iommu.transaction` without one.
   */
  rollback(): void {
    this.#journal.rollback()
  }

  #attempt(frame: number, frames: number, change: () => void): Refusal | undefined {
    this.#journal.begin()
    try {
      change()
    } catch (error) {
      this.#journal.rollback()
      if (!(error instanceof ArenaFull)) throw error
      const reason = `the page table would take more than its ${this.maxBytes} bytes`
      return [{ iova: addressOf(frame), size: addressOf(frames), code: 'limit', reason }]
    }
    this.#journal.commit()
    return undefined
  }
}

/** The most nodes below the root, down to `level`, that entries in a range can need. */
function nodesAround(first: number, last: number, level: number): number {
  if (first === last) return ROOT_LEVEL - level
  let nodes = 0
  for (let above = level + 1; above <= ROOT_LEVEL; above++) {
    const perFrame = FRAME_SLOTS[above] as number
    nodes += Math.floor(last * perFrame) - Math.floor(first * perFrame) + 1
  }
  return nodes
}

function inSpace(frame: number, frames: number): boolean {
  return frame >= 0 && frames >= 1 && frame + frames - 1 <= LAST_FRAME
}

function badRange(what: string, frame: number, frames: number): HostbridgeError {
  return new HostbridgeError(
    'iommu.table-range',
    `${what}: ${frames} pages from page frame ${hex(frame)} are not whole entries of allowed sizes inside 2^64 bytes`,
    { frame, frames },
  )
}

function checkShifts(shifts: readonly number[]): readonly number[] {
  const ascending = shifts.every((shift, at) => shift > (shifts[at - 1] ?? PAGE_SHIFT - 1) && Number.isInteger(shift))
  if (shifts.length > 0 && ascending && (shifts.at(-1) as number) <= 64) return shifts
  throw new HostbridgeError(
    'iommu.page-sizes',
    `entries cannot have the sizes 2^{${shifts.join(', ')}} bytes: give at least one, ascending, from 12 to 64`,
    { shifts },
  )
}
