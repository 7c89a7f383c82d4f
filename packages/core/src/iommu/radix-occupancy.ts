import { BITMAP, LIVE, NODE_WORDS, SUMMARY } from './radix-layout.ts'

/** Marks `count` slots of a node as not empty. */
export function occupy(words: Int32Array, node: number, first: number, count: number): void {
  const bitmap = node * NODE_WORDS + BITMAP
  let added = 0
  let filled = 0
  for (let slot = first, end = first + count; slot < end; slot = (slot | 31) + 1) {
    const mask = maskOf(slot, end)
    const before = words[bitmap + (slot >>> 5)] as number
    added += ones(mask & ~before)
    words[bitmap + (slot >>> 5)] = before | mask
    filled |= 1 << (slot >>> 5)
  }
  words[node * NODE_WORDS + SUMMARY]! |= filled
  words[node * NODE_WORDS + LIVE]! += added
}

/** Marks `count` slots of a node as empty, and empties them. */
export function vacate(words: Int32Array, node: number, first: number, count: number): void {
  const base = node * NODE_WORDS
  let removed = 0
  let emptied = 0
  for (let slot = first, end = first + count; slot < end; slot = (slot | 31) + 1) {
    const mask = maskOf(slot, end)
    const before = words[base + BITMAP + (slot >>> 5)] as number
    removed += ones(mask & before)
    words[base + BITMAP + (slot >>> 5)] = before & ~mask
    if ((before & ~mask) === 0) emptied |= 1 << (slot >>> 5)
  }
  words[base + SUMMARY]! &= ~emptied
  words[base + LIVE]! -= removed
  if (removed > 0) words.fill(0, base + 2 * first, base + 2 * (first + count))
}

/** The first slot of a node from `slot` on that is not empty; `end` where there is none before it. */
export function nextOccupied(words: Int32Array, node: number, slot: number, end: number): number {
  if (slot >= end) return end
  const base = node * NODE_WORDS
  let word = slot >>> 5
  let bits = (words[base + BITMAP + word] as number) & (-1 << (slot & 31))
  if (bits === 0) {
    const behind = (words[base + SUMMARY] as number) & (-2 << word)
    if (behind === 0) return end
    word = lowestBit(behind)
    bits = words[base + BITMAP + word] as number
  }
  const found = (word << 5) + lowestBit(bits)
  return found < end ? found : end
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits)
}

/** How many of the slots `first` to `end - 1` of a node are not empty. */
export function countOccupied(words: Int32Array, node: number, first: number, end: number): number {
  const bitmap = node * NODE_WORDS + BITMAP
  let count = 0
  for (let slot = first; slot < end; slot = (slot | 31) + 1) {
    count += ones((words[bitmap + (slot >>> 5)] as number) & maskOf(slot, end))
  }
  return count
}

/** Slots of a node that are not empty. */
export function liveOf(words: Int32Array, node: number): number {
  return words[node * NODE_WORDS + LIVE] as number
}

/** The bits of slots `slot` to `end - 1` in the bitmap word of `slot`. */
function maskOf(slot: number, end: number): number {
  const above = -1 << (slot & 31)
  return end - (slot & ~31) >= 32 ? above : above & ~(-1 << (end & 31))
}

function ones(bits: number): number {
  const pairs = bits - ((bits >>> 1) & 0x5555_5555)
  const fours = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24
}
