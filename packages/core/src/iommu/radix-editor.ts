import { entriesOfFrames } from './entry-size.ts'
import type { RadixArena } from './radix-arena.ts'
import type { RadixJournal } from './radix-journal.ts'
import {
  FRAME_SLOTS,
  LEVEL_BITS,
  leafFlags,
  levelOf,
  lowerOf,
  NODE_WORDS,
  ROOT_LEVEL,
  ROOT_NODE,
  SLOT_FRAMES,
  SLOTS,
  slotIn,
  slotOf,
  TABLE,
  upperOf,
} from './radix-layout.ts'
import { writeLeaves } from './radix-leaves.ts'
import { countOccupied, liveOf, nextOccupied, occupy, vacate } from './radix-occupancy.ts'

/** Is thrown inside the table, and only there, when a node is needed and there is none. */
export class ArenaFull extends Error {}

/**
 * Writes the nodes of a radix table.
 *
 * Both operations want that no entry lies partly in their range; they throw {@link ArenaFull} half done where the arena has
 * no node left, so the caller reserves nodes or opens a transaction before.
 */
export class RadixEditor {
  readonly #arena: RadixArena
  readonly #journal: RadixJournal
  /** Entries that have gone in the operation under way. */
  #removed = 0

  constructor(arena: RadixArena, journal: RadixJournal) {
    this.#arena = arena
    this.#journal = journal
  }

  /** Maps `frames` pages in entries of `2^shift` bytes, in place of what is there. */
  fill(frame: number, frames: number, target: number, permission: number, shift: number): void {
    const level = levelOf(shift)
    const span = SLOT_FRAMES[level] as number
    const flags = leafFlags(permission, shift)
    this.#removed = 0
    for (let done = 0; done < frames; ) {
      const node = this.#nodeFor(frame + done, level)
      const first = slotOf(frame + done, level)
      const count = Math.min(SLOTS - first, (frames - done) * (FRAME_SLOTS[level] as number))
      this.#journal.save(node)
      if (liveOf(this.#arena.words, node) > 0) this.#release(node, level, first, count)
      writeLeaves(this.#arena.words, node, level, first, count, target + done, flags)
      occupy(this.#arena.words, node, first, count)
      done += count * span
    }
    this.#arena.entries += entriesOfFrames(frames, shift) - this.#removed
  }

  /** Empties the pages `first` to `last`, both inside; nodes that become empty are given back. Never takes a node. */
  clear(first: number, last: number): void {
    this.#removed = 0
    this.#clear(ROOT_NODE, ROOT_LEVEL, 0, first, last)
    this.#arena.entries -= this.#removed
  }

  /** The node of `level` around `frame`; nodes are made, in place of leaves, on the way to it. */
  #nodeFor(frame: number, level: number): number {
    const upper = upperOf(frame)
    const lower = lowerOf(frame, upper)
    let node = ROOT_NODE
    for (let at = ROOT_LEVEL; at > level; at--) {
      const slot = slotIn(upper, lower, at)
      const index = node * NODE_WORDS + 2 * slot
      const low = this.#arena.words[index] as number
      if ((low & TABLE) !== 0) {
        node = this.#arena.words[index + 1] as number
        continue
      }
      const below = this.#arena.take(this.#journal)
      if (below === 0) throw new ArenaFull()
      this.#journal.save(node)
      if (low !== 0) this.#removed += beginsEntry(low, at, slot)
      occupy(this.#arena.words, node, slot, 1)
      this.#arena.words[index] = TABLE
      this.#arena.words[index + 1] = below
      node = below
    }
    return node
  }

  #clear(node: number, level: number, start: number, first: number, last: number): void {
    const span = SLOT_FRAMES[level] as number
    const from = Math.max(first, start)
    const to = Math.min(last, start + span * SLOTS - 1)
    let slot = slotOf(from, level)
    let end = slotOf(to, level) + 1
    if (start + slot * span < first) this.#clearPartly(node, level, start, slot++, first, last)
    if (slot < end && start + end * span - 1 > last) this.#clearPartly(node, level, start, --end, first, last)
    if (slot >= end || nextOccupied(this.#arena.words, node, slot, end) === end) return
    this.#journal.save(node)
    this.#release(node, level, slot, end - slot)
    vacate(this.#arena.words, node, slot, end - slot)
  }

  /** Clears a part of what is below a slot. */
  #clearPartly(node: number, level: number, start: number, slot: number, first: number, last: number): void {
    const index = node * NODE_WORDS + 2 * slot
    if (((this.#arena.words[index] as number) & TABLE) === 0) return
    const below = this.#arena.words[index + 1] as number
    this.#clear(below, level - 1, start + slot * (SLOT_FRAMES[level] as number), first, last)
    if (liveOf(this.#arena.words, below) > 0) return
    this.#journal.save(node)
    this.#arena.give(below, this.#journal)
    vacate(this.#arena.words, node, slot, 1)
  }

  /** Counts the entries in `count` slots and gives back all nodes below them; the slots themselves stay as they are. */
  #release(node: number, level: number, first: number, count: number): void {
    const words = this.#arena.words
    const base = node * NODE_WORDS
    const end = first + count
    if (level === 0 && holdsSmallestOnly(words, base + 2 * first, base + 2 * end)) {
      this.#removed += countOccupied(words, node, first, end)
      return
    }
    for (
      let slot = nextOccupied(words, node, first, end);
      slot < end;
      slot = nextOccupied(words, node, slot + 1, end)
    ) {
      const low = words[base + 2 * slot] as number
      if ((low & TABLE) === 0) this.#removed += beginsEntry(low, level, slot)
      else this.#releaseNode(words[base + 2 * slot + 1] as number, level - 1)
    }
  }

  #releaseNode(node: number, level: number): void {
    this.#release(node, level, 0, SLOTS)
    this.#arena.give(node, this.#journal)
  }
}

/** Whether the leaves in some words are entries of 4 KiB all. */
function holdsSmallestOnly(words: Int32Array, first: number, end: number): boolean {
  let seen = 0
  for (let at = first; at < end; at += 2) seen |= words[at] as number
  return ((seen >>> 2) & 63) === 0
}

/** 1 for the slot that an entry begins with, 0 for the further ones that it fills. */
function beginsEntry(low: number, level: number, slot: number): number {
  const order = ((low >>> 2) & 63) - LEVEL_BITS * level
  return (slot & ((1 << order) - 1)) === 0 ? 1 : 0
}
