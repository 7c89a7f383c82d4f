import { threadId } from 'node:worker_threads'
import type { ShardResult, ShardTask } from '../../src/replay/shard.ts'
import walkShard from '../../src/replay/shard.worker.ts'
import { SlotState, slotRunsOf, slotStatesOf } from '../../src/replay/slots.ts'

/** Target page frames that end the worker which comes to them. */
export const Poison = { exit: 0x1dead, throw: 0x10bad, late: 0x1fade, stuck: 0x1cafe } as const

/** The channel on which a thread that is stuck in a shard says its id. */
export const WALKING = 'hostbridge test: walking'

const poisons: ReadonlySet<number | undefined> = new Set(Object.values(Poison))

/** Walks a shard as the real worker does, and dies before it has said so when a poisoned mapping is in it. */
export default function walkOrDie(task: ShardTask): ShardResult | Promise<ShardResult> {
  const { slots, slotRuns, slot } = task
  const result = walkShard(task)
  const runs = slotRunsOf(slots, slotRuns, slot)
  for (let at = 0; at < 4 * result.count; at += 4) {
    const target = runs[at + 2]
    if (!poisons.has(target)) continue
    Atomics.store(slotStatesOf(slots, slotRuns), slot, SlotState.walking)
    if (target === Poison.exit) process.exit(3)
    if (target === Poison.throw) throw new Error('a poisoned page')
    if (target === Poison.stuck) waitForTheEnd()
    setImmediate(() => {
      throw new Error('thrown where nobody catches')
    })
    return new Promise(() => {})
  }
  return result
}

/** Blocks this thread, shard and all, until somebody else ends it. */
function waitForTheEnd(): never {
  new BroadcastChannel(WALKING).postMessage(threadId)
  while (true) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}
