import { frameOf, LAST_FRAME, PAGE_SHIFT } from '@hostbridge/core/address'
import { RadixTable, RUN_LANES, RunLane, runPermission, runShift } from '@hostbridge/core/iommu'
import {
  type AddressSpace,
  Permission,
  type PermissionBits,
  type Translation,
  type Translator,
} from '@hostbridge/core/memory'
import type { RefusedFrames } from './refused-frames.ts'
import type { RunBuffer } from './run-buffer.ts'
import type { Type1Iommu } from './type1-iommu.ts'

/**
 * The page table of one container in its host's IOMMU, with the host's limit of entries. Its bytes depend on what is mapped
 * and in which order, not on how the mappings were delivered.
 */
export class HostTable implements Translator {
  readonly table: RadixTable
  readonly #iommu: Type1Iommu
  readonly #space: AddressSpace
  /** Page frames of the smallest page. */
  readonly #page: number
  /** Entries that a change can make besides those it maps. */
  readonly #margin: number
  readonly #found: Translation = { permission: 0, frame: 0, shift: 0, target: undefined }
  /** How many times something that was mapped has been unmapped. */
  unmaps = 0

  /** `space` is the host's memory, where the table's entries lead. */
  constructor(iommu: Type1Iommu, space: AddressSpace) {
    this.#iommu = iommu
    this.#space = space
    this.#page = frameOf(iommu.pages.smallest)
    this.#margin = iommu.pages.mostCutPieces
    this.table = new RadixTable({ shifts: iommu.pages.shifts, maxBytes: iommu.maxTableBytes })
  }

  /** Entries in the table; one of 1 GiB counts as one. */
  get entries(): number {
    return this.table.entries
  }

  translate(frame: number, access: PermissionBits, out: Translation): void {
    this.table.translate(frame, access, out)
    out.target = this.#space
  }

  /** Whether any entry leads to one of `frames` pages of the host from `first` on. Costs a walk over all entries. */
  leadsTo(first: number, frames: number): boolean {
    const cursor = this.table.runs(0, LAST_FRAME)
    for (let count = cursor.next(); count > 0; count = cursor.next()) {
      for (let at = 0; at < count * RUN_LANES; at += RUN_LANES) {
        const target = cursor.runs[at + RunLane.target]!
        if (target < first + frames && target + cursor.runs[at + RunLane.frames]! > first) return true
      }
    }
    return false
  }

  /**
   * Puts `pieces` (targets being the host's frames) in place of whatever `frames` pages from `frame` are mapped to now.
   *
   * The limit counts entries in ascending order, when those that are replaced are gone: what fits is mapped, every entry after
   * it is refused as `limit`. That holds for runs as for their entries one by one.
   */
  put(frame: number, frames: number, pieces: RunBuffer, refused: RefusedFrames): void {
    if (!this.#isPlain(frames, pieces)) {
      this.clear(frame, frames, refused)
      if (this.#room < 0) return
    }
    const { runs, count } = pieces
    for (let at = 0; at < count * RUN_LANES; at += RUN_LANES) {
      const meta = runs[at + RunLane.meta]!
      const iova = runs[at + RunLane.iova]!
      const wanted = runs[at + RunLane.frames]!
      const shift = runShift(meta)
      const fitting = Math.min(wanted, this.#room * 2 ** (shift - PAGE_SHIFT))
      if (fitting > 0) {
        const full = this.table.map(iova, fitting, runs[at + RunLane.target]!, runPermission(meta), shift)
        if (full !== undefined) refused.add(iova, fitting, 'host-memory')
      }
      if (fitting < wanted) refused.add(iova + fitting, wanted - fitting, 'limit')
    }
  }

  /** As {@link put}, all of it or, where anything is or was refused, nothing. */
  replace(frame: number, frames: number, pieces: RunBuffer, refused: RefusedFrames): void {
    if (!refused.isEmpty) return
    if (this.#isPlain(frames, pieces)) this.put(frame, frames, pieces, refused)
    else this.#attempt(refused, () => this.put(frame, frames, pieces, refused))
  }

  /**
   * Unmaps `frames` pages from `frame`, mapped or not. Larger pages that lie partly there are cut, which is refused as
   * `limit` where their pieces are too many; the host's smallest pages cannot be cut, which is refused as `page-size`.
   */
  clear(frame: number, frames: number, refused: RefusedFrames): void {
    const end = frame + frames
    const first = Math.ceil(frame / this.#page) * this.#page
    const last = Math.floor(end / this.#page) * this.#page
    if (first > frame) this.#checkUncut(frame, Math.min(first, end), refused)
    if (last < end && last >= first) this.#checkUncut(last, end, refused)
    if (first >= last) return
    const full = this.table.unmap(first, last - first)
    if (full !== undefined) refused.add(first, last - first, 'host-memory')
    else if (this.#room < 0) refused.add(first, last - first, 'limit')
  }

  /** As {@link clear}, all of it or, where anything is or was refused, nothing; counts it where anything was mapped. */
  remove(frame: number, frames: number, refused: RefusedFrames): void {
    const before = this.table.entries
    if (before === 0 || !refused.isEmpty) return
    const whole = frame % this.#page === 0 && frames % this.#page === 0
    if (whole && this.#margin <= this.#room) this.clear(frame, frames, refused)
    else this.#attempt(refused, () => this.clear(frame, frames, refused))
    if (refused.isEmpty && this.table.entries !== before) this.unmaps++
  }

  /** One stretch of equal pages in place of everything, with the limit far: the table does that as a whole or not at all. */
  #isPlain(frames: number, { runs, count }: RunBuffer): boolean {
    if (count !== 1 || runs[RunLane.frames] !== frames) return false
    const pages = frames / 2 ** (runShift(runs[RunLane.meta]!) - PAGE_SHIFT)
    return pages + this.#margin <= this.#room
  }

  #checkUncut(first: number, end: number, refused: RefusedFrames): void {
    this.table.translate(first, Permission.none, this.#found)
    if (this.#found.permission !== Permission.none) refused.add(first, end - first, 'page-size')
  }

  #attempt(refused: RefusedFrames, change: () => void): void {
    this.table.begin()
    change()
    if (refused.isEmpty) this.table.commit()
    else this.table.rollback()
  }

  /** Entries that may still be made; negative while a change is over the limit. */
  get #room(): number {
    return this.#iommu.maxEntries - this.table.entries
  }
}
