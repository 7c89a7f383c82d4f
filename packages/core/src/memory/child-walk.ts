import { LAST_ADDRESS } from '../address/units.ts'
import { isAbove, type TrieNode } from './child-trie.ts'
import type { MemoryRegion } from './memory-region.ts'

// An address becomes two words through memory: blocks are compared as numbers.
const scratch = new BigUint64Array(1)
const words = new Uint32Array(scratch.buffer)

/** Says that nothing is to be seen of what lies from `first` to `last`. */
export type IsCovered = (first: bigint, last: bigint) => boolean

/** A block that has not been opened yet (`at` is -1), or what is left of the children of one, from `at` on. */
interface Pending {
  readonly node: TrieNode
  readonly at: number
  readonly best: MemoryRegion
}

/**
 * The children that meet a window, in the order in which they are rendered, each when it is asked for: who has seen enough
 * asks no more. Blocks that miss the window, or that are covered already, are never opened.
 */
export class ChildWalk {
  readonly #first: bigint
  readonly #last: bigint
  // The window as words.
  readonly #firstHigh: number
  readonly #firstLow: number
  readonly #lastHigh: number
  readonly #lastLow: number
  readonly #isCovered: IsCovered
  /** A heap: the entry with the child that comes next is at 0. */
  readonly #pending: Pending[] = []

  constructor(root: TrieNode, first: bigint, last: bigint, isCovered: IsCovered) {
    this.#first = first
    this.#last = last
    scratch[0] = first
    this.#firstHigh = words[1] as number
    this.#firstLow = words[0] as number
    scratch[0] = last < LAST_ADDRESS ? last : LAST_ADDRESS
    this.#lastHigh = words[1] as number
    this.#lastLow = words[0] as number
    this.#isCovered = isCovered
    this.#wait(root)
  }

  next(): MemoryRegion | undefined {
    for (let entry = this.#pop(); entry !== undefined; entry = this.#pop()) {
      const { node, at, best } = entry
      if (at >= 0) {
        const following = node.own?.[at + 1]
        if (following !== undefined) this.#push({ node, at: at + 1, best: following })
        if (this.#meets(best)) return best
      } else if (!this.#isHidden(node)) {
        if (node.isSingle) {
          if (this.#meets(best)) return best
          continue
        }
        const own = node.own?.[0]
        if (own !== undefined) this.#push({ node, at: 0, best: own })
        if (node.lower !== undefined) this.#wait(node.lower)
        if (node.upper !== undefined) this.#wait(node.upper)
      }
    }
    return undefined
  }

  /** Puts a block into the heap, or, as long as it has nothing of its own, what of its halves meets the window. */
  #wait(block: TrieNode): void {
    let node = block
    while (this.#isMetBy(node)) {
      const { own, lower, upper } = node
      if (own === undefined && lower !== undefined && upper !== undefined) {
        if (!this.#beginsInTime(upper)) {
          node = lower
          continue
        }
        if (!this.#endsInTime(lower)) {
          node = upper
          continue
        }
      }
      this.#push({ node, at: -1, best: node.best })
      return
    }
  }

  #isMetBy(node: TrieNode): boolean {
    return this.#beginsInTime(node) && this.#endsInTime(node)
  }

  /** Whether a block begins in the window or before it. */
  #beginsInTime({ high, low }: TrieNode): boolean {
    return high < this.#lastHigh || (high === this.#lastHigh && low <= this.#lastLow)
  }

  /** Whether a block ends in the window or behind it. */
  #endsInTime({ lastHigh, lastLow }: TrieNode): boolean {
    return lastHigh > this.#firstHigh || (lastHigh === this.#firstHigh && lastLow >= this.#firstLow)
  }

  #meets(child: MemoryRegion): boolean {
    return child.address <= this.#last && child.address + child.size > this.#first
  }

  #isHidden({ first, last }: TrieNode): boolean {
    return this.#isCovered(first > this.#first ? first : this.#first, last < this.#last ? last : this.#last)
  }

  #push(entry: Pending): void {
    const heap = this.#pending
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parent = (at - 1) >>> 1
      const above = heap[parent] as Pending
      if (!comesBefore(entry, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = entry
  }

  #pop(): Pending | undefined {
    const heap = this.#pending
    const top = heap[0]
    const entry = heap.pop()
    if (top === undefined || entry === undefined || heap.length === 0) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && comesBefore(heap[child + 1] as Pending, heap[child] as Pending)) child++
      if (!comesBefore(heap[child] as Pending, entry)) break
      heap[at] = heap[child] as Pending
      at = child
    }
    heap[at] = entry
    return top
  }
}

function comesBefore(one: Pending, other: Pending): boolean {
  return isAbove(one.best, other.best)
}
