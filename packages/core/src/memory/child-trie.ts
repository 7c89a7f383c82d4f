import { LAST_ADDRESS } from '../address/units.ts'
import type { MemoryRegion } from './memory-region.ts'

// An address becomes two words through memory: bigint shifts are slow.
const scratch = new BigUint64Array(1)
const words = new Uint32Array(scratch.buffer)

/**
 * A node of {@link ChildTrie}: an aligned block of `2^level` bytes, what straddles the middle of the block, and the two halves.
 */
export class TrieNode {
  /** The first address as two words. */
  readonly high: number
  readonly low: number
  readonly level: number
  /**
   * Children for which this is the smallest block that holds them, in the order in which they are rendered. Not there where there
   * is none, nor in a block without halves that has been made for one: that is {@link best}, and most blocks are like it.
   */
  own: MemoryRegion[] | undefined
  lower: TrieNode | undefined
  upper: TrieNode | undefined
  /** Of all children in the block the one that is rendered first. */
  best: MemoryRegion

  /** The block of `2^level` bytes around an address, with one child. */
  constructor(high: number, low: number, level: number, child: MemoryRegion) {
    this.high = (high & (level >= 64 ? 0 : level > 32 ? -1 << (level - 32) : -1)) >>> 0
    this.low = (low & (level >= 32 ? 0 : -1 << level)) >>> 0
    this.level = level
    this.own = undefined
    this.lower = undefined
    this.upper = undefined
    this.best = child
  }

  /** Whether it has no list of its own and no halves: {@link best} is all there is. */
  get isSingle(): boolean {
    return this.own === undefined && this.lower === undefined && this.upper === undefined
  }

  get first(): bigint {
    words[1] = this.high
    words[0] = this.low
    return scratch[0] as bigint
  }

  get last(): bigint {
    words[1] = this.lastHigh
    words[0] = this.lastLow
    return scratch[0] as bigint
  }

  /** The last address as two words. */
  get lastHigh(): number {
    const { level } = this
    return level <= 32 ? this.high : level >= 64 ? 0xffffffff : (this.high | ~(-1 << (level - 32))) >>> 0
  }

  get lastLow(): number {
    const { level } = this
    return level >= 32 ? 0xffffffff : (this.low | ~(-1 << level)) >>> 0
  }
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
  if (node === undefined) return new TrieNode(high, low, level, child)
  const apart = Math.max(level, levelOf(high ^ node.high, low ^ node.low))
  if (apart > node.level) {
    const above = new TrieNode(high, low, apart, child)
    if (apart === level) above.own = [child]
    else place(above, new TrieNode(high, low, level, child))
    place(above, node)
    if (isAbove(node.best, child)) above.best = node.best
    return above
  }
  if (node.isSingle) node.own = [node.best]
  if (level === node.level) {
    if (node.own === undefined) node.own = [child]
    else node.own.splice(placeOf(node.own, child), 0, child)
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
  if (node.isSingle) return node.best === child ? undefined : node
  const { own } = node
  const at = own === undefined ? 0 : placeOf(own, child)
  if (own?.[at] === child) {
    if (own.length > 1) own.splice(at, 1)
    else node.own = undefined
  } else if (bitOf(high, low, node.level - 1)) node.upper = node.upper && take(node.upper, child, high, low)
  else node.lower = node.lower && take(node.lower, child, high, low)
  const { lower, upper } = node
  if (node.own === undefined && (lower === undefined || upper === undefined)) return lower ?? upper
  if (node.best === child) {
    let best = node.own?.[0] ?? (lower as TrieNode).best
    if (lower !== undefined && isAbove(lower.best, best)) best = lower.best
    if (upper !== undefined && isAbove(upper.best, best)) best = upper.best
    node.best = best
  }
  return node
}

/** How many of a list in rendering order come before a child. */
function placeOf(own: readonly MemoryRegion[], child: MemoryRegion): number {
  let at = 0
  for (let end = own.length; at < end; ) {
    const middle = (at + end) >>> 1
    if (isAbove(own[middle] as MemoryRegion, child)) at = middle + 1
    else end = middle
  }
  return at
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
