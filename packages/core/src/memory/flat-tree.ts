import type { FlatRange } from './flat-range.ts'

/** The most entries of a node, and the fewest of one that has neighbours. */
const MOST = 32
const FEWEST = 8

/** Entries of each node where too many are dealt out: room for more on either side. */
const DEALT = 24

/**
 * A node of a B+ tree of disjoint ranges in ascending order: a leaf of ranges or a branch of nodes of one height.
 *
 * Trees never change: {@link spliceTree} copies the path to what it replaces and shares the rest with the tree it was given.
 */
export class FlatNode {
  /** The first range below. */
  readonly low: FlatRange
  readonly ranges: readonly FlatRange[] | undefined
  readonly nodes: readonly FlatNode[] | undefined
  /** How many ranges are below. */
  readonly count: number

  /** Of the two lists one is there, and not empty. */
  constructor(ranges: readonly FlatRange[] | undefined, nodes: readonly FlatNode[] | undefined) {
    this.ranges = ranges
    this.nodes = nodes
    this.low = (ranges?.[0] ?? nodes?.[0]?.low) as FlatRange
    let count = ranges?.length ?? 0
    if (nodes !== undefined) for (const node of nodes) count += node.count
    this.count = count
  }

  get entries(): number {
    return (this.ranges ?? (this.nodes as readonly FlatNode[])).length
  }
}

type Tree = FlatNode | undefined

/** The last range that starts at or before byte `offset` of page `frame`. O(log n) */
export function floorOf(root: Tree, frame: number, offset: number): FlatRange | undefined {
  let node = root
  while (node?.nodes !== undefined) {
    const { nodes } = node
    let low = 0
    for (let high = nodes.length; low < high; ) {
      const middle = (low + high) >>> 1
      if (startsBy((nodes[middle] as FlatNode).low, frame, offset)) low = middle + 1
      else high = middle
    }
    node = nodes[low - 1]
  }
  if (node === undefined) return undefined
  const ranges = node.ranges as readonly FlatRange[]
  let low = 0
  for (let high = ranges.length; low < high; ) {
    const middle = (low + high) >>> 1
    if (startsBy(ranges[middle] as FlatRange, frame, offset)) low = middle + 1
    else high = middle
  }
  return ranges[low - 1]
}

/** The first range that starts behind byte `offset` of page `frame`. O(log n) */
export function higherThan(root: Tree, frame: number, offset: number): FlatRange | undefined {
  let found: FlatRange | undefined
  let node = root
  while (node?.nodes !== undefined) {
    const { nodes } = node
    const behind = nodes.findIndex(({ low }) => !startsBy(low, frame, offset))
    if (behind >= 0) found = (nodes[behind] as FlatNode).low
    node = nodes[(behind < 0 ? nodes.length : behind) - 1]
  }
  return node?.ranges?.find((range) => !startsBy(range, frame, offset)) ?? found
}

/** Appends every range that meets `first` to `last`, ascending. O(log n) and what it appends. */
export function collect(node: Tree, first: bigint, last: bigint, into: FlatRange[]): void {
  if (node === undefined) return
  if (node.nodes !== undefined) {
    const { nodes } = node
    const end = countStarting(nodes, last)
    for (let i = Math.max(0, countStarting(nodes, first) - 1); i < end; i++) collect(nodes[i], first, last, into)
    return
  }
  const ranges = node.ranges as readonly FlatRange[]
  for (let i = firstReaching(ranges, first); i < ranges.length; i++) {
    const range = ranges[i] as FlatRange
    if (range.start > last) return
    into.push(range)
  }
}

/** Appends every range, ascending. */
export function collectAll(node: Tree, into: FlatRange[]): void {
  if (node?.nodes !== undefined) for (const child of node.nodes) collectAll(child, into)
  else if (node !== undefined) for (const range of node.ranges as readonly FlatRange[]) into.push(range)
}

/** A tree of the same ranges, but for those that meet `first` to `last`: `fresh` takes their place, ascending. O(log n) and what changes. */
export function spliceTree(root: Tree, first: bigint, last: bigint, fresh: readonly FlatRange[]): Tree {
  let level = root === undefined ? leaves(fresh) : splice(root, first, last, fresh)
  while (level.length > 1) level = branches(level)
  let top = level[0]
  while (top?.nodes?.length === 1) top = top.nodes[0]
  return top
}

/** The nodes of the same height that take a node's place. */
function splice(node: FlatNode, first: bigint, last: bigint, fresh: readonly FlatRange[]): FlatNode[] {
  if (node.nodes === undefined) {
    const ranges = node.ranges as readonly FlatRange[]
    const begin = firstReaching(ranges, first)
    let end = begin
    while (end < ranges.length && (ranges[end] as FlatRange).start <= last) end++
    return leaves(replaced(ranges, begin, end, fresh))
  }
  const { nodes } = node
  const begin = Math.max(0, countStarting(nodes, first) - 1)
  const end = Math.max(begin, countStarting(nodes, last) - 1)
  const middle = splice(nodes[begin] as FlatNode, first, last, fresh)
  if (end > begin) middle.push(...splice(nodes[end] as FlatNode, first, last, []))
  return branches(withoutSmall(replaced(nodes, begin, end + 1, middle), begin, begin + middle.length))
}

/** Joins each node with too few entries between `begin` and `end` with a neighbour. */
function withoutSmall(nodes: FlatNode[], begin: number, end: number): FlatNode[] {
  let left = end
  for (let i = begin; i < left && nodes.length > 1; i++) {
    const small = nodes[i] as FlatNode
    if (small.entries >= FEWEST) continue
    const at = i > 0 ? i - 1 : i
    const one = nodes[at] as FlatNode
    const other = nodes[at + 1] as FlatNode
    const joined =
      one.ranges !== undefined && other.ranges !== undefined
        ? leaves([...one.ranges, ...other.ranges])
        : branches([...(one.nodes ?? []), ...(other.nodes ?? [])])
    nodes.splice(at, 2, ...joined)
    left += joined.length - 2
    i = at
  }
  return nodes
}

function leaves(ranges: readonly FlatRange[]): FlatNode[] {
  return dealt(ranges).map((part) => new FlatNode(part, undefined))
}

function branches(nodes: readonly FlatNode[]): FlatNode[] {
  return dealt(nodes).map((part) => new FlatNode(undefined, part))
}

/** Cuts a list into parts of about one size, none too long; an empty one into none. */
function dealt<T>(list: readonly T[]): (readonly T[])[] {
  if (list.length === 0) return []
  if (list.length <= MOST) return [list]
  const parts = Math.ceil(list.length / DEALT)
  return Array.from({ length: parts }, (_, i) =>
    list.slice(Math.floor((i * list.length) / parts), Math.floor(((i + 1) * list.length) / parts)),
  )
}

function replaced<T>(list: readonly T[], begin: number, end: number, fresh: readonly T[]): T[] {
  const result = list.slice(0, begin)
  for (const entry of fresh) result.push(entry)
  for (let i = end; i < list.length; i++) result.push(list[i] as T)
  return result
}

/** The index of the first range that ends at an address or behind it. */
function firstReaching(ranges: readonly FlatRange[], address: bigint): number {
  let low = 0
  for (let high = ranges.length; low < high; ) {
    const middle = (low + high) >>> 1
    if ((ranges[middle] as FlatRange).last < address) low = middle + 1
    else high = middle
  }
  return low
}

/** How many nodes begin at or before an address. */
function countStarting(nodes: readonly FlatNode[], address: bigint): number {
  let low = 0
  for (let high = nodes.length; low < high; ) {
    const middle = (low + high) >>> 1
    if ((nodes[middle] as FlatNode).low.start <= address) low = middle + 1
    else high = middle
  }
  return low
}

function startsBy(range: FlatRange, frame: number, offset: number): boolean {
  return range.startFrame < frame || (range.startFrame === frame && range.startByte <= offset)
}
