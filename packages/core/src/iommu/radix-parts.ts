import { LAST_FRAME } from '../address/index.ts'
import { RadixArena } from './radix-arena.ts'
import {
  lowerOf,
  NODE_WORDS,
  type RadixSource,
  ROOT_LEVEL,
  ROOT_NODE,
  SLOT_FRAMES,
  SLOTS,
  slotIn,
  slotOf,
  slotStart,
  TABLE,
  upperOf,
} from './radix-layout.ts'
import { liveOf, nextOccupied } from './radix-occupancy.ts'

/** A stretch of page frames in which a radix table maps something, both ends inside, and about how many slots that takes. */
export interface RadixPart {
  readonly first: number
  readonly last: number
  readonly slots: number
}

/**
 * Tells where in a range a radix table maps anything, ascending, without a look at the lowest nodes: at a cost of the nodes
 * above them. It is for cutting a walk into pieces of like cost.
 */
export class RadixParts {
  readonly #arena: RadixArena
  readonly #last: number
  readonly #fine: number
  #at: number

  /** A part of more than `fine` slots is cut further, as far as to single nodes. @throws HostbridgeError `iommu.source`. */
  constructor(source: RadixSource, firstFrame: number, lastFrame: number, fine: number) {
    this.#arena = RadixArena.attach(source.buffer)
    this.#at = Math.max(firstFrame, 0)
    this.#last = Math.min(lastFrame, LAST_FRAME)
    this.#fine = fine
  }

  /** The next part; `undefined` at the end. */
  next(): RadixPart | undefined {
    while (this.#at <= this.#last) {
      const part = this.#step()
      if (part !== undefined) return part
    }
    return undefined
  }

  /** Looks at the lowest node above level 0 around `#at`, and passes what it says of it. */
  #step(): RadixPart | undefined {
    const { words } = this.#arena
    const upper = upperOf(this.#at)
    const lower = lowerOf(this.#at, upper)
    let node = ROOT_NODE
    let level = ROOT_LEVEL
    while (level > 1) {
      const index = node * NODE_WORDS + 2 * slotIn(upper, lower, level)
      if (((words[index] as number) & TABLE) === 0) break
      node = words[index + 1] as number
      level--
    }
    const span = SLOT_FRAMES[level] as number
    const start = level === ROOT_LEVEL ? 0 : slotStart(this.#at, level + 1)
    const reaches = this.#last >= start + span * SLOTS
    const end = reaches ? SLOTS : slotOf(this.#last, level) + 1
    const slot = nextOccupied(words, node, slotIn(upper, lower, level), end)
    if (slot === end) {
      this.#at = start + end * span
      return undefined
    }
    const index = node * NODE_WORDS + 2 * slot
    const isTable = ((words[index] as number) & TABLE) !== 0
    if (level > 1) return isTable ? this.#descend(start + slot * span) : this.#pass(start + slot * span, span, 1)
    const slots = liveOf(words, node) * (isTable ? SLOTS : 1)
    if (slots <= this.#fine) return this.#pass(start + slot * span, (end - slot) * span, slots)
    return this.#pass(start + slot * span, span, isTable ? liveOf(words, words[index + 1] as number) : 1)
  }

  #descend(frame: number): undefined {
    this.#at = Math.max(this.#at, frame)
  }

  #pass(frame: number, frames: number, slots: number): RadixPart {
    const first = Math.max(this.#at, frame)
    this.#at = frame + frames
    return { first, last: Math.min(this.#last, frame + frames - 1), slots }
  }
}
