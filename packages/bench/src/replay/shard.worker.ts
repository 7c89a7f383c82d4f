import type { RunWalker } from '@hostbridge/core/iommu'
import { openRuns } from './open-runs.ts'
import { scanShard } from './scan-shard.ts'
import type { ShardResult, ShardTask } from './shard.ts'
import { SlotState, slotRunsOf, slotStatesOf } from './slots.ts'

/** The table of the replay whose shards arrive at present: opening one anew for each shard would cost more than small shards. */
let opened: { readonly replay: number; readonly walk: RunWalker } | undefined

/** Walks one shard and leaves its runs in the shard's slot. */
export default function walkShard(task: ShardTask): ShardResult {
  const { replay, source, slots, slotRuns, slot } = task
  const states = slotStatesOf(slots, slotRuns)
  Atomics.store(states, slot, SlotState.walking)
  if (opened?.replay !== replay) opened = { replay, walk: openRuns(source) }
  const result = scanShard(opened.walk, task, slotRunsOf(slots, slotRuns, slot))
  Atomics.store(states, slot, SlotState.walked)
  return result
}
