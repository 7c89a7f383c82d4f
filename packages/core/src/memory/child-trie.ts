import { LAST_ADDRESS } from '../address/units.ts'
import type { MemoryRegion } from './memory-region.ts'

// An address becomes two words through memory: bigint shifts are slow.
const scratch = new BigUint64Array(1)
const words = new Uint32Array(scratch.buffer)

/**
 * A node of {@link ChildTrie}: an aligned block of `2^level` bytes, what straddles the middle of the block, and the two halves.
 */
export interface TrieNode {
  readonly first: bigint
  readonly last: bigint
  /** The first address as two words. */
  readonly high: number
  readonly low: number
  readonly level: number
  /** Children for which this is the smallest block that holds them, in the order in which they are rendered. */
  readonly own: MemoryRegion[]
  lower: TrieNode | undefined
  upper: TrieNode | undefined
  /** Of all children in the block the one that is rendered first. */
  best: MemoryRegion
}

/** Whether a child is rendered before another of the same container (TM-2). */
export function isAbove(one: MemoryRegion, other: MemoryRegion): boolean {
  return one.priority > other.priority || (one.priority === other.priority && one.order > other.order)
}

/**
 * The enabled children of a container by where they lie: each in the smallest aligned block of `2^level` bytes that holds all
 * of it, blocks that hold nothing left out. A change costs at most 65 steps whatever there is, and no order of changes makes it
 * worse. {@link ChildWalk} finds what meets a window.
 *
 * A child's place and rank must not change while it is in here.
 */
export class ChildTrie {
  #root: TrieNode | undefined
  #count = 0

  get root(): TrieNode | undefined {
    return this.#root
  }

  /** How many children are in here. */
  get count(): number {
    return this.#count
  }

  add(child: MemoryRegion): void {
    this.#count++
    const last = lastOf(child)
    scratch[0] = child.address
    const low = words[0] as number
    const high = words[1] as number
    scratch[0] = last
    const level = levelOf(high ^ (words[1] as number), low ^ (words[0] as number))
    this.#root = insert(this.#root, child, high, low, level)
  }

  remove(child: MemoryRegion): void {
    this.#count--
    scratch[0] = child.address
    this.#root = this.#root && take(this.#root, child, words[1] as number, words[0] as number)
  }
}

/** The last offset in its container that a child covers; what lies behind 2^64 is never seen. */
export function lastOf(child: MemoryRegion): bigint {
  const last = child.address + child.size - 1n
  return last > LAST_ADDRESS ? LAST_ADDRESS : last
}

function insert(node: TrieNode | undefined, child: MemoryRegion, high: number, low: number, level: number): TrieNode {
  if (node === undefined) return block(high, low, level, child)
  const apart = Math.max(level, levelOf(high ^ node.high, low ^ node.low))
  if (apart > node.level) {
    const above = block(high, low, apart, child)
    if (apart !== level) {
      above.own.pop()
      place(above, block(high, low, level, child))
    }
    place(above, node)
    if (isAbove(node.best, child)) above.best = node.best
    return above
  }
  if (level === node.level) {
    const { own } = node
    let at = 0
    for (let end = own.length; at < end; ) {
      const middle = (at + end) >>> 1
      if (isAbove(own[middle] as MemoryRegion, child)) at = middle + 1
      else end = middle
    }
    own.splice(at, 0, child)
  } else if (bitOf(high, low, node.level - 1)) {
    node.upper = insert(node.upper, child, high, low, level)
  } else {
    node.lower = insert(node.lower, child, high, low, level)
  }
  if (isAbove(child, node.best)) node.best = child
  return node
}

/** The node without a child that is in it; what holds nothing any more is left out. */
function take(node: TrieNode, child: MemoryRegion, high: number, low: number): TrieNode | undefined {
  const { own } = node
  const at = own.length === 0 ? -1 : indexOf(own, child)
  if (at >= 0) own.splice(at, 1)
  else if (bitOf(high, low, node.level - 1)) node.upper = node.upper && take(node.upper, child, high, low)
  else node.lower = node.lower && take(node.lower, child, high, low)
  const { lower, upper } = node
  if (own.length === 0 && (lower === undefined || upper === undefined)) return lower ?? upper
  if (node.best === child) {
    let best = own[0] ?? (lower as TrieNode).best
    if (lower !== undefined && isAbove(lower.best, best)) best = lower.best
    if (upper !== undefined && isAbove(upper.best, best)) best = upper.best
    node.best = best
  }
  return node
}

/** The index of a child in a list in rendering order, or -1. */
function indexOf(own: readonly MemoryRegion[], child: MemoryRegion): number {
  let at = 0
  for (let end = own.length; at < end; ) {
    const middle = (at + end) >>> 1
    if (isAbove(own[middle] as MemoryRegion, child)) at = middle + 1
    else end = middle
  }
  return own[at] === child ? at : -1
}

/** A node for the block of `2^level` bytes around an address, with one child. */
function block(high: number, low: number, level: number, child: MemoryRegion): TrieNode {
  const highMask = level >= 64 ? 0 : level > 32 ? (-1 << (level - 32)) >>> 0 : 0xffffffff
  const lowMask = level >= 32 ? 0 : (-1 << level) >>> 0
  words[1] = high & highMask
  words[0] = low & lowMask
  const first = scratch[0] as bigint
  words[1] = high | ~highMask
  words[0] = low | ~lowMask
  return {
    first,
    last: scratch[0] as bigint,
    high: (high & highMask) >>> 0,
    low: (low & lowMask) >>> 0,
    level,
    own: [child],
    lower: undefined,
    upper: undefined,
    best: child,
  }
}

/** Hangs a block below a larger one. */
function place(above: TrieNode, node: TrieNode): void {
  if (bitOf(node.high, node.low, above.level - 1)) above.upper = node
  else above.lower = node
}

/** How many low bits two addresses may differ in, given in which they do. */
function levelOf(high: number, low: number): number {
  return high !== 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(low)
}

function bitOf(high: number, low: number, bit: number): boolean {
  return ((bit >= 32 ? high >>> (bit - 32) : low >>> bit) & 1) === 1
}
