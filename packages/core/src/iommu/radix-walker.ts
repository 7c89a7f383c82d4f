import { LAST_FRAME } from '../address/index.ts'
import type { Translation } from '../memory/translator.ts'
import type { RadixArena } from './radix-arena.ts'
import {
  lowerOf,
  NODE_WORDS,
  PERMISSION_MASK,
  ROOT_LEVEL,
  ROOT_NODE,
  SLOT_FRAMES,
  SLOTS,
  shiftOf,
  slotIn,
  slotOf,
  slotStart,
  TABLE,
  targetOf,
  upperOf,
} from './radix-layout.ts'
import { countLeaves } from './radix-leaves.ts'
import { liveOf, nextOccupied } from './radix-occupancy.ts'
import { RUN_LANES, type RunCursor, runMeta } from './run.ts'

const RUNS_PER_BATCH = 256

/** Fills permission, frame and shift of `out` for the page `frame`; what is not mapped is a page of 4 KiB without permission. */
export function lookUp(arena: RadixArena, frame: number, out: Translation): void {
  const upper = upperOf(frame)
  const lower = lowerOf(frame, upper)
  let node = ROOT_NODE
  for (let level = ROOT_LEVEL; level >= 0; level--) {
    arena.reach(node)
    const at = node * NODE_WORDS + 2 * slotIn(upper, lower, level)
    const low = arena.words[at] as number
    if ((low & TABLE) !== 0) {
      node = arena.words[at + 1] as number
      continue
    }
    if (low === 0) break
    const inSlot = level === 0 ? 0 : frame - slotStart(frame, level)
    out.permission = low & PERMISSION_MASK
    out.shift = shiftOf(low)
    out.frame = targetOf(low, arena.words[at + 1] as number) + inSlot
    return
  }
  out.permission = 0
  out.shift = 12
  out.frame = 0
}

/**
 * Walks the leaves of a radix table, skipping what is empty at every level.
 *
 * The table may change between two `next()`: what has not been passed yet is seen as it is then.
 */
export class RadixCursor implements RunCursor {
  readonly runs: Float64Array = new Float64Array(RUNS_PER_BATCH * RUN_LANES)
  readonly #arena: RadixArena
  readonly #last: number
  /** The nodes around `#at`, by level; found anew by each `next()`. */
  readonly #path: Int32Array = new Int32Array(ROOT_LEVEL + 1)
  /** For each level of the path, the lowest level above it whose node has more than one slot that is not empty. */
  readonly #resume: Int32Array = new Int32Array(ROOT_LEVEL + 1).fill(ROOT_LEVEL)
  #at: number
  #count = 0
  /** The run that the next leaf may continue; `#frames` is 0 where there is none. */
  #frame = 0
  #frames = 0
  #target = 0
  #meta = 0

  constructor(arena: RadixArena, firstFrame: number, lastFrame: number) {
    this.#arena = arena
    this.#at = Math.max(firstFrame, 0)
    this.#last = Math.min(lastFrame, LAST_FRAME)
  }

  next(): number {
    this.#count = 0
    this.#path[ROOT_LEVEL] = ROOT_NODE
    let level = ROOT_LEVEL
    while (this.#at <= this.#last) {
      level = this.#walkNode(this.#path[level] as number, level)
      if (this.#count === RUNS_PER_BATCH) return this.#count
    }
    this.#emit()
    return this.#count
  }

  /** Walks a node from `#at` to its end, or to a slot with a node below it; returns the level to go on at. */
  #walkNode(node: number, level: number): number {
    const words = this.#arena.words
    const at = this.#at
    const span = SLOT_FRAMES[level] as number
    const start = level === ROOT_LEVEL ? 0 : slotStart(at, level + 1)
    const end = this.#last >= start + span * SLOTS ? SLOTS : slotOf(this.#last, level) + 1
    let slot = nextOccupied(words, node, slotOf(at, level), end)
    while (slot < end && this.#count < RUNS_PER_BATCH) {
      const index = node * NODE_WORDS + 2 * slot
      const low = words[index] as number
      const high = words[index + 1] as number
      if (level > 0 && (low & TABLE) !== 0) {
        this.#at = Math.max(at, start + slot * span)
        this.#path[level - 1] = high
        this.#resume[level - 1] = liveOf(words, node) > 1 ? level : (this.#resume[level] as number)
        this.#arena.reach(high)
        return level - 1
      }
      const count = countLeaves(words, index, node * NODE_WORDS + 2 * end, level)
      this.#add(start + slot * span, count * span, targetOf(low, high), runMeta(low & PERMISSION_MASK, shiftOf(low)))
      slot = nextOccupied(words, node, slot + count, end)
    }
    this.#at = Math.max(at, start + slot * span)
    return slot < end || level === ROOT_LEVEL ? level : this.#climb(start, level)
  }

  /** Goes on behind the node of `level` that begins at `start`, at a level above where there may be more. */
  #climb(start: number, level: number): number {
    let above = level
    do {
      above = this.#resume[above] as number
      this.#at = slotStart(start, above) + (SLOT_FRAMES[above] as number)
    } while (above < ROOT_LEVEL && slotOf(this.#at, above) === 0)
    return above
  }

  /** Adds leaves to the run before them, or begins the next run. */
  #add(frame: number, frames: number, target: number, meta: number): void {
    const skip = Math.max(this.#at - frame, 0)
    const length = Math.min(frames, this.#last - frame + 1) - skip
    if (
      meta === this.#meta &&
      frame + skip === this.#frame + this.#frames &&
      target + skip === this.#target + this.#frames &&
      this.#frames > 0
    ) {
      this.#frames += length
      return
    }
    this.#emit()
    this.#frame = frame + skip
    this.#frames = length
    this.#target = target + skip
    this.#meta = meta
  }

  #emit(): void {
    if (this.#frames === 0) return
    const at = this.#count++ * RUN_LANES
    this.runs[at] = this.#frame
    this.runs[at + 1] = this.#frames
    this.runs[at + 2] = this.#target
    this.runs[at + 3] = this.#meta
    this.#frames = 0
  }
}
