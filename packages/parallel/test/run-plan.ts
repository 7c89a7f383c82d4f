import type { LockstepPlan } from '@hostbridge/core/lockstep'
import { Lockstep, type LockstepResult } from '../src/lockstep.ts'

/** Composes a plan and runs it until nothing waits. */
export async function runPlan(workers: number, plan: LockstepPlan): Promise<LockstepResult> {
  await using lockstep = await Lockstep.open({ ...plan, workers })
  return await lockstep.run()
}
