import { RUN_LANES, RunLane, type RunWalker } from '@hostbridge/core/iommu'
import type { Shard, ShardResult } from './shard.ts'

/** Walks a shard into `into`, and stops early where that is full. */
export function scanShard(walk: RunWalker, shard: Shard, into: Float64Array): ShardResult {
  const room = into.length / RUN_LANES
  const cursor = walk(shard.first, shard.last)
  let count = 0
  for (let found = cursor.next(); found > 0; found = cursor.next()) {
    const fitting = Math.min(found, room - count)
    into.set(cursor.runs.subarray(0, fitting * RUN_LANES), count * RUN_LANES)
    count += fitting
    if (count === room) return { count, resume: endOfRun(into, count - 1) }
  }
  return { count, resume: shard.last + 1 }
}

function endOfRun(runs: Float64Array, index: number): number {
  const at = index * RUN_LANES
  return (runs[at + RunLane.iova] as number) + (runs[at + RunLane.frames] as number)
}
