import { setImmediate } from 'node:timers/promises'
import type { RunWalker } from '@hostbridge/core/iommu'
import { openRuns } from './open-runs.ts'
import { scanShard } from './scan-shard.ts'
import type { ShardResult, ShardTask } from './shard.ts'
import { SlotState, slotRunsOf, slotStatesOf } from './slots.ts'

/** Those who walk shards: threads, or the calling thread itself. */
export interface Crew {
  /** How many shards may be under way: as many as keep everybody busy. */
  readonly slots: number
  /** Walks a shard, sooner or later; rejects when whoever was at it fails. */
  walk(task: ShardTask): Promise<ShardResult>
  close(): Promise<void>
}

/** Walks shards on the calling thread, which gets to its other events before each of them. */
export class LocalCrew implements Crew {
  readonly slots = 1
  #replay: number | undefined
  #walk: RunWalker | undefined

  async walk(task: ShardTask): Promise<ShardResult> {
    await setImmediate()
    Atomics.store(slotStatesOf(task.slots, task.slotRuns), task.slot, SlotState.walking)
    if (this.#replay !== task.replay || this.#walk === undefined) {
      this.#walk = openRuns(task.source)
      this.#replay = task.replay
    }
    return scanShard(this.#walk, task, slotRunsOf(task.slots, task.slotRuns, task.slot))
  }

  async close(): Promise<void> {
    this.#walk = undefined
  }
}
