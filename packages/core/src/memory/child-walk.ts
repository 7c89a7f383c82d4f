import { isAbove, lastOf, type TrieNode } from './child-trie.ts'
import type { MemoryRegion } from './memory-region.ts'

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
  readonly #isCovered: IsCovered
  /** A heap: the entry with the child that comes next is at 0. */
  readonly #pending: Pending[] = []

  constructor(root: TrieNode, first: bigint, last: bigint, isCovered: IsCovered) {
    this.#first = first
    this.#last = last
    this.#isCovered = isCovered
    this.#wait(root)
  }

  next(): MemoryRegion | undefined {
    for (let entry = this.#pop(); entry !== undefined; entry = this.#pop()) {
      const { node, at, best } = entry
      if (at >= 0) {
        const following = node.own[at + 1]
        if (following !== undefined) this.#push({ node, at: at + 1, best: following })
        if (this.#meets(best)) return best
      } else if (!this.#isHidden(node)) {
        const [own] = node.own
        if (own !== undefined) this.#push({ node, at: 0, best: own })
        if (node.lower !== undefined) this.#wait(node.lower)
        if (node.upper !== undefined) this.#wait(node.upper)
      }
    }
    return undefined
  }

  /** Puts a block into the heap, or, as long as it has nothing of its own, what of its halves meets the window. */
  #wait(block: TrieNode): void {
    let node: TrieNode | undefined = block
    while (node !== undefined && node.first <= this.#last && node.last >= this.#first) {
      const { lower, upper } = node as TrieNode
      if (node.own.length > 0 || lower === undefined || upper === undefined) break
      if (upper.first > this.#last) node = lower
      else if (lower.last < this.#first) node = upper
      else break
    }
    if (node !== undefined && node.first <= this.#last && node.last >= this.#first) {
      this.#push({ node, at: -1, best: node.best })
    }
  }

  #meets(child: MemoryRegion): boolean {
    return child.address <= this.#last && lastOf(child) >= this.#first
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
