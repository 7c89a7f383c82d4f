import { HostbridgeError } from '@hostbridge/core'
import { addressOf, formatRange } from '@hostbridge/core/address'
import type { WorkerSource } from '@hostbridge/core/iommu'
import type { Crew } from './crew.ts'
import type { Shard, ShardResult } from './shard.ts'
import { ShardCutter } from './shards.ts'
import { SlotState, type Slots } from './slots.ts'
import { Stitcher, type TakeRuns } from './stitch.ts'

export interface ShardedOptions {
  /** The most entries of a shard; 2^20 unless told. */
  readonly shardEntries?: number
  /** Ends the replay with the signal's reason. */
  readonly signal?: AbortSignal
  /** Is called after each shard with how much of the window is done, in page frames of 4 KiB, ascending to `total`. */
  onProgress?(done: number, total: number): void
}

/** The table that is walked, and in which range of page frames. */
export interface ShardedWalk extends Shard {
  readonly name: string
  readonly source: WorkerSource
}

interface UnderWay {
  readonly shard: Shard
  readonly slot: number
  /** What the cutter gave shards then; `undefined` for the rest of one that did not fit. */
  readonly entries: number | undefined
  readonly done: Promise<ShardResult>
}

/** Tells one replay from the next, for workers that keep its table open. */
let replays = 0

/**
 * Walks a range of a table in shards and hands on its runs, ascending and merged, as one walk would have given them.
 *
 * Shards under way are bounded by the slots; one whose runs do not fit goes on where it stopped. However it ends, nobody is
 * at work any more then.
 *
 * @throws HostbridgeError `replay.shard-failed`, naming the shard; the signal's reason; what `take` and `onProgress` throw.
 */
export async function walkSharded(
  crew: Crew,
  slots: Slots,
  walk: ShardedWalk,
  take: TakeRuns,
  options: ShardedOptions = {},
): Promise<void> {
  const { signal, shardEntries } = options
  const cutter = new ShardCutter(walk.source, walk, shardEntries)
  const stitcher = new Stitcher(take)
  const total = walk.last - walk.first + 1
  const replay = ++replays
  const underWay: UnderWay[] = []
  const start = (shard: Shard, slot: number, entries?: number): UnderWay => {
    slots.clear(slot)
    const { source } = walk
    const done = crew.walk({ ...shard, replay, source, slots: slots.buffer, slotRuns: slots.slotRuns, slot })
    done.catch(() => {}) // It is waited for when its turn comes; until then it is not unhandled.
    return { shard, slot, entries, done }
  }
  const startNext = (): boolean => {
    const slot = slots.take()
    const { entries } = cutter
    const shard = slot === undefined ? undefined : cutter.next()
    if (slot === undefined) return false
    if (shard !== undefined) underWay.push(start(shard, slot, entries))
    else slots.give(slot)
    return shard !== undefined
  }
  try {
    while (true) {
      while (startNext()) {}
      const head = underWay[0]
      if (head === undefined) break
      const { count, resume } = await head.done.catch(async (cause) => {
        throw await shardFailed(walk, underWay, slots, cause)
      })
      signal?.throwIfAborted()
      stitcher.add(slots.runs(head.slot), count)
      const { last } = head.shard
      const isWhole = resume > last
      if (head.entries === cutter.entries) cutter.learn(isWhole ? count / slots.slotRuns : 1)
      if (isWhole) {
        underWay.shift()
        slots.give(head.slot)
      } else {
        underWay[0] = start({ first: resume, last }, head.slot)
      }
      options.onProgress?.(Math.min(resume, last + 1) - walk.first, total)
      signal?.throwIfAborted()
    }
    stitcher.end()
    options.onProgress?.(total, total)
  } finally {
    await Promise.allSettled(underWay.map(({ done }) => done))
    for (const { slot } of underWay) slots.give(slot)
  }
}

/** Names the shard that the one who failed was at; shards that waited for the same worker failed with it. */
async function shardFailed(
  walk: ShardedWalk,
  underWay: readonly UnderWay[],
  slots: Slots,
  firstCause: unknown,
): Promise<HostbridgeError> {
  const settled = await Promise.allSettled(underWay.map(({ done }) => done))
  const failed = underWay.filter((_, index) => settled[index]?.status === 'rejected')
  const guilty = failed.find(({ slot }) => slots.state(slot) === SlotState.walking) ?? failed[0]
  const cause = guilty === undefined ? firstCause : await guilty.done.catch((reason: unknown) => reason)
  const { first, last } = guilty?.shard ?? walk
  const range = { start: addressOf(first), last: addressOf(last + 1) - 1n }
  const why = cause instanceof Error ? cause.message : String(cause)
  return new HostbridgeError(
    'replay.shard-failed',
    `the replay of '${walk.name}' lost its shard over ${formatRange(range)}: ${why}; replay again, the pool can still be used`,
    { iommu: walk.name, ...range },
    { cause },
  )
}
