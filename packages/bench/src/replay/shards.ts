import {
  BLOCK_ENTRIES,
  type LinearSegment,
  type LinearSource,
  RadixParts,
  segmentCounts,
  type WorkerSource,
} from '@hostbridge/core/iommu'
import type { Shard } from './shard.ts'

/** The most entries of a shard unless told: a millisecond of work, give or take a factor of three. */
const DEFAULT_SHARD_ENTRIES: number = 2 ** 20

/** The first shards are smaller, until it is known how many runs there are to expect. */
const FIRST_SHARD_ENTRIES = 2 ** 18

/**
 * Cuts a range of a table into shards, ascending, one when it is asked for one. What maps nothing is left out, so there are
 * as many shards as the mappings need, whatever the size of the window: a table over 2^64 bytes with little in it is one.
 */
export class ShardCutter {
  readonly #most: number
  readonly #next: (entries: number) => Shard | undefined
  #entries: number

  /** `first` to `last` are page frames, both inside; a shard has at most about `most` entries, of a linear table exactly. */
  constructor(source: WorkerSource, range: Shard, most: number = DEFAULT_SHARD_ENTRIES) {
    this.#most = most
    this.#entries = Math.min(most, FIRST_SHARD_ENTRIES)
    this.#next =
      source.kind === 'linear'
        ? linearShards(source, range)
        : radixShards(new RadixParts(source, range.first, range.last, most))
  }

  /** How many entries the next shard may have. */
  get entries(): number {
    return this.#entries
  }

  next(): Shard | undefined {
    return this.#next(this.#entries)
  }

  /**
   * Learns from a shard that filled a share of its slot, 1 where it did not fit: shards that do not fit have to be finished
   * one after the other, and shards that leave few runs are better large.
   */
  learn(share: number): void {
    if (share >= 1) this.#entries = Math.max(1, Math.floor(this.#entries / 2))
    else if (share < 0.25) this.#entries = Math.min(this.#most, this.#entries * 2)
  }
}

function linearShards(source: LinearSource, { first, last }: Shard): (entries: number) => Shard | undefined {
  const frames = 2 ** (source.pageShift - 12)
  const end = Math.min(Math.floor(last / frames) + 1, source.entries)
  const segments = source.segments.values()
  let segment = segments.next().value
  let counts = segment && segmentCounts(segment)
  let at = Math.floor(first / frames)
  return (entries) => {
    while (segment !== undefined && counts !== undefined && segment.first < end) {
      at = firstMapped(segment, counts, Math.max(at, segment.first))
      const stop = Math.min((Math.floor(at / entries) + 1) * entries, segment.first + segment.entries, end)
      if (at < stop) {
        const shard = { first: Math.max(first, at * frames), last: Math.min(last, stop * frames - 1) }
        at = stop
        return shard
      }
      segment = segments.next().value
      counts = segment && segmentCounts(segment)
    }
    return undefined
  }
}

/** The first entry from `entry` on that lies in a block with something mapped; the segment's end where there is none. */
function firstMapped(segment: LinearSegment, counts: Uint16Array, entry: number): number {
  let block = Math.floor((entry - segment.first) / BLOCK_ENTRIES)
  while (block < counts.length && counts[block] === 0) block++
  return Math.max(entry, segment.first + block * BLOCK_ENTRIES)
}

function radixShards(parts: RadixParts): (entries: number) => Shard | undefined {
  return (entries) => {
    let part = parts.next()
    if (part === undefined) return undefined
    const { first } = part
    let { last, slots } = part
    while (slots < entries) {
      part = parts.next()
      if (part === undefined) break
      last = part.last
      slots += part.slots
    }
    return { first, last }
  }
}
