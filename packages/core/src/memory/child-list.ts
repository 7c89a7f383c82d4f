import { ChildTrie, isAbove, type TrieNode } from './child-trie.ts'
import type { MemoryRegion } from './memory-region.ts'

/** The children of one region: all of them in order, and the enabled ones by where they lie. */
export class ChildList {
  /** In no order: each child knows its slot. */
  readonly #all: MemoryRegion[] = []
  readonly #enabled = new ChildTrie()
  #inOrder: readonly MemoryRegion[] | undefined

  /** In the order in which they are rendered: descending priority, at equal priority the newest first (TM-2). Sorted when asked for. */
  get inOrder(): readonly MemoryRegion[] {
    this.#inOrder ??= [...this.#all].sort((one, other) => (isAbove(one, other) ? -1 : 1))
    return this.#inOrder
  }

  get enabledCount(): number {
    return this.#enabled.count
  }

  /** The enabled child that is rendered first. */
  get topmost(): MemoryRegion | undefined {
    return this.#enabled.root?.best
  }

  /** What a walk over the enabled children begins at. */
  get enabled(): TrieNode | undefined {
    return this.#enabled.root
  }

  get isEmpty(): boolean {
    return this.#all.length === 0
  }

  add(child: MemoryRegion): void {
    this.#inOrder = undefined
    child.slot = this.#all.length
    this.#all.push(child)
    if (child.enabled) this.#enabled.add(child)
  }

  remove(child: MemoryRegion): void {
    this.#inOrder = undefined
    const last = this.#all.pop() as MemoryRegion
    if (last !== child) {
      last.slot = child.slot
      this.#all[child.slot] = last
    }
    if (child.enabled) this.#enabled.remove(child)
  }

  /** Lets `change` change whether a child is enabled, or its size; its rank stays. */
  during(child: MemoryRegion, change: () => void): void {
    if (child.enabled) this.#enabled.remove(child)
    change()
    if (child.enabled) this.#enabled.add(child)
  }
}
