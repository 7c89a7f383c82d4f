import { addressOf, PAGE_SIZE } from '../address/page-frame.ts'
import type { FlatRange } from './flat-range.ts'
import type { FlatView } from './flat-view.ts'
import type { RamRegion } from './ram-region.ts'

/** Whole pages of one RAM region that follow each other. */
export interface RamRun {
  readonly region: RamRegion
  /** Byte offset of the first page in the region; need not be a multiple of the page size. */
  readonly offset: bigint
  /** Pages of 4 KiB, at least 1. */
  readonly frames: number
  /** Whether the section is read-only. */
  readonly readonly: boolean
}

/** The RAM behind page `frame` of a view and up to `frames - 1` pages after it; `undefined` where the first page is not all RAM of one section. */
export function resolveRam(view: FlatView, frame: number, frames: number): RamRun | undefined {
  const range = view.lookup(frame, 0)
  if (range?.ram === undefined) return undefined
  const whole = lastWholeFrame(range) - frame + 1
  if (whole < 1) return undefined
  const offset = addressOf(frame + range.shiftFrames) + BigInt(range.shiftBytes)
  return {
    region: range.ram,
    offset,
    frames: Math.min(frames, whole),
    readonly: range.readonly,
  }
}

function lastWholeFrame(range: FlatRange): number {
  return range.lastByte === PAGE_SIZE - 1 ? range.lastFrame : range.lastFrame - 1
}
