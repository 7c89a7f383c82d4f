import { type Range, rangeOf, sizeOf } from './range.ts'
import {
  entryAt,
  firstNode,
  firstReaching,
  joinTrees,
  lastNode,
  type RangeEntry,
  singleNode,
  splitTree,
  type TreapNode,
} from './range-treap.ts'
import { LAST_ADDRESS } from './units.ts'

export type { RangeEntry }

export interface RangeMapOptions<V> {
  /** Whether two values are the same, so that neighbours merge; `Object.is` if left out, `() => false` keeps them apart. */
  readonly equal?: (a: V, b: V) => boolean
  /** The value `offset` bytes into a range that begins with `value`; the same value everywhere if left out. */
  readonly slice?: (value: V, offset: bigint) => V
}

/**
 * Maps disjoint ranges of addresses to values, in ascending order; neighbours that continue each other are one entry.
 *
 * A treap whose priorities come from a fixed sequence: n entries cost O(log n) expected for every operation, and the
 * same calls build the same tree.
 */
export class RangeMap<V> implements Iterable<RangeEntry<V>> {
  readonly #equal: (a: V, b: V) => boolean
  readonly #slice: (value: V, offset: bigint) => V
  #root: TreapNode<V> | undefined
  #seed = 0x9e3779b9

  constructor(options: RangeMapOptions<V> = {}) {
    this.#equal = options.equal ?? Object.is
    this.#slice = options.slice ?? ((value) => value)
  }

  /** The number of entries. */
  get size(): number {
    return this.#root?.size ?? 0
  }

  /**
   * Gives `value` to a range, in place of what its addresses had; entries that reach beyond it keep their other parts.
   *
   * @throws HostbridgeError `address.range` for a range that does not lie in the 64-bit space.
   */
  insert(range: Range, value: V): void {
    const [before, after] = this.#cutOut(range)
    let merged: RangeEntry<V> = { start: range.start, last: range.last, value }
    let left = before
    let right = after
    const previous = before && lastNode(before).entry
    if (previous !== undefined && this.#continues(previous, merged)) {
      left = splitTree(before, previous.start, this.#slice, this.#draw)[0]
      merged = { start: previous.start, last: merged.last, value: previous.value }
    }
    const next = after && firstNode(after).entry
    if (next !== undefined && this.#continues(merged, next)) {
      right = splitTree(after, next.last + 1n, this.#slice, this.#draw)[1]
      merged = { start: merged.start, last: next.last, value: merged.value }
    }
    this.#root = joinTrees(joinTrees(left, singleNode(merged, this.#draw())), right)
  }

  /**
   * Takes the addresses of a range away; entries that reach beyond it keep their other parts.
   *
   * @throws HostbridgeError `address.range` for a range that does not lie in the 64-bit space.
   */
  remove(range: Range): void {
    const [before, after] = this.#cutOut(range)
    this.#root = joinTrees(before, after)
  }

  clear(): void {
    this.#root = undefined
  }

  /** The value at `address`, sliced to it. */
  get(address: bigint): V | undefined {
    const entry = this.entryAt(address)
    return entry && this.#slice(entry.value, address - entry.start)
  }

  has(address: bigint): boolean {
    return this.entryAt(address) !== undefined
  }

  /** The whole entry around `address`. */
  entryAt(address: bigint): RangeEntry<V> | undefined {
    return entryAt(this.#root, address)
  }

  /**
   * The entries that have an address in common with `range`, whole, ascending, each found in O(log n).
   * The map may be changed meanwhile: the walk goes on behind the entry it gave last.
   */
  *overlapping(range: Range): Generator<RangeEntry<V>, void, undefined> {
    let address = range.start
    while (address <= range.last) {
      const entry = firstReaching(this.#root, address)
      if (entry === undefined || entry.start > range.last) return
      yield entry
      address = entry.last + 1n
    }
  }

  [Symbol.iterator](): Generator<RangeEntry<V>, void, undefined> {
    return this.overlapping({ start: 0n, last: LAST_ADDRESS })
  }

  #cutOut(range: Range): [TreapNode<V> | undefined, TreapNode<V> | undefined] {
    const { start, last } = rangeOf(range.start, sizeOf(range))
    const [before, rest] = splitTree(this.#root, start, this.#slice, this.#draw)
    return [before, splitTree(rest, last + 1n, this.#slice, this.#draw)[1]]
  }

  #continues(a: RangeEntry<V>, b: RangeEntry<V>): boolean {
    return a.last + 1n === b.start && this.#equal(this.#slice(a.value, b.start - a.start), b.value)
  }

  /** The next priority: xorshift32, which repeats after 2^32 - 1 numbers. */
  readonly #draw = (): number => {
    let seed = this.#seed
    seed ^= seed << 13
    seed ^= seed >>> 17
    seed ^= seed << 5
    this.#seed = seed
    return seed
  }
}
