import type { WorkerSource } from '@hostbridge/core/iommu'

/** A part of a window that one worker walks: page frames, both ends inside. */
export interface Shard {
  readonly first: number
  readonly last: number
}

/** A shard as a worker is given it: which table, and where its runs are to be written. */
export interface ShardTask extends Shard {
  /** The same for all shards of one replay, in which tables do not change: the worker opens the table once. */
  readonly replay: number
  readonly source: WorkerSource
  readonly slots: SharedArrayBuffer
  readonly slotRuns: number
  readonly slot: number
}

/** What a worker found in a shard; the runs themselves are in its slot. */
export interface ShardResult {
  readonly count: number
  /** The first frame that has not been walked: beyond the shard, or inside where the slot was full. */
  readonly resume: number
}
