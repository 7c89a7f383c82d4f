import type { Range } from './range.ts'

/** A stretch of addresses with one value; never changed after it was handed out. */
export interface RangeEntry<V> extends Range {
  /** The value of the first address. */
  readonly value: V
}

/** A node of a search tree over disjoint ranges that is a heap over priorities at the same time. */
export interface TreapNode<V> {
  readonly entry: RangeEntry<V>
  readonly priority: number
  /** Entries in this subtree. */
  size: number
  left: TreapNode<V> | undefined
  right: TreapNode<V> | undefined
}

type Tree<V> = TreapNode<V> | undefined

export function singleNode<V>(entry: RangeEntry<V>, priority: number): TreapNode<V> {
  return { entry, priority, size: 1, left: undefined, right: undefined }
}

/** Joins two trees of which the first lies wholly below the second. */
export function joinTrees<V>(low: Tree<V>, high: Tree<V>): Tree<V> {
  if (low === undefined) return high
  if (high === undefined) return low
  if (low.priority >= high.priority) {
    low.right = joinTrees(low.right, high)
    return count(low)
  }
  high.left = joinTrees(low, high.left)
  return count(high)
}

/**
 * Splits a tree into what lies below `address` and the rest; an entry that lies on both sides is cut in two. Each half draws
 * a priority of its own, so that a range cut a million times does not become a list.
 */
export function splitTree<V>(
  root: Tree<V>,
  address: bigint,
  slice: (value: V, offset: bigint) => V,
  draw: () => number,
): [Tree<V>, Tree<V>] {
  const [low, cut, high] = partTree(root, address)
  if (cut === undefined) return [low, high]
  const { start, last, value } = cut
  const head = { start, last: address - 1n, value }
  const tail = { start: address, last, value: slice(value, address - start) }
  return [joinTrees(low, singleNode(head, draw())), joinTrees(singleNode(tail, draw()), high)]
}

/** Parts a tree into what lies wholly below `address`, the entry that lies on both sides of it, and what lies above. */
function partTree<V>(node: Tree<V>, address: bigint): [Tree<V>, RangeEntry<V> | undefined, Tree<V>] {
  if (node === undefined) return [undefined, undefined, undefined]
  if (node.entry.last < address) {
    const [low, cut, high] = partTree(node.right, address)
    node.right = low
    return [count(node), cut, high]
  }
  if (address <= node.entry.start) {
    const [low, cut, high] = partTree(node.left, address)
    node.left = high
    return [low, cut, count(node)]
  }
  return [node.left, node.entry, node.right]
}

export function firstNode<V>(node: TreapNode<V>): TreapNode<V> {
  let at = node
  while (at.left !== undefined) at = at.left
  return at
}

export function lastNode<V>(node: TreapNode<V>): TreapNode<V> {
  let at = node
  while (at.right !== undefined) at = at.right
  return at
}

/** The entry with `address` in it. */
export function entryAt<V>(root: Tree<V>, address: bigint): RangeEntry<V> | undefined {
  const entry = firstReaching(root, address)
  return entry !== undefined && entry.start <= address ? entry : undefined
}

/** The lowest entry that ends at `address` or above. */
export function firstReaching<V>(root: Tree<V>, address: bigint): RangeEntry<V> | undefined {
  let found: RangeEntry<V> | undefined
  let node = root
  while (node !== undefined) {
    if (node.entry.last < address) {
      node = node.right
    } else {
      found = node.entry
      if (node.entry.start <= address) return found
      node = node.left
    }
  }
  return found
}

function count<V>(node: TreapNode<V>): TreapNode<V> {
  node.size = 1 + (node.left?.size ?? 0) + (node.right?.size ?? 0)
  return node
}
