import { alignedFrameStretches, PAGE_SHIFT } from '../address/index.ts'
import type { PermissionBits, Translation } from '../memory/translator.ts'
import { entryStart, framesOfShift } from './entry-size.ts'
import type { RadixArena } from './radix-arena.ts'
import type { RadixEditor } from './radix-editor.ts'
import { lookUp } from './radix-walker.ts'

/** An entry that a change of a range cuts, because it lies only partly in it. */
export interface CutEntry {
  readonly first: number
  readonly last: number
  readonly target: number
  readonly permission: PermissionBits
}

const NOTHING: readonly CutEntry[] = []
const found: Translation = { permission: 0, frame: 0, shift: 0, target: undefined }

/** The entries that lie partly in the pages `first` to `last`: at most one at each end. */
export function entriesCutBy(arena: RadixArena, first: number, last: number): readonly CutEntry[] {
  const left = entryCutAt(arena, first, first, last)
  const right =
    last === first || (left !== undefined && left.last >= last) ? undefined : entryCutAt(arena, last, first, last)
  if (left === undefined) return right === undefined ? NOTHING : [right]
  return right === undefined ? [left] : [left, right]
}

function entryCutAt(arena: RadixArena, frame: number, first: number, last: number): CutEntry | undefined {
  lookUp(arena, frame, found)
  if (found.permission === 0 || found.shift === PAGE_SHIFT) return undefined
  const begin = entryStart(frame, found.shift)
  const end = begin + framesOfShift(found.shift) - 1
  if (begin >= first && end <= last) return undefined
  return { first: begin, last: end, target: found.frame - (frame - begin), permission: found.permission }
}

/**
 * Writes what of the cut entries lies outside the pages `first` to `last` as entries of their own, the largest possible.
 * Inside, parts of them are left behind for the caller to overwrite or clear.
 */
export function keepOutside(
  editor: RadixEditor,
  entries: readonly CutEntry[],
  first: number,
  last: number,
  shifts: readonly number[],
): void {
  for (const entry of entries) {
    const write = (frame: number, frames: number, shift: number): void =>
      editor.fill(frame, frames, entry.target + frame - entry.first, entry.permission, shift)
    if (entry.first < first) alignedFrameStretches(entry.first, first - 1, shifts, write)
    if (entry.last > last) alignedFrameStretches(last + 1, entry.last, shifts, write)
  }
}
