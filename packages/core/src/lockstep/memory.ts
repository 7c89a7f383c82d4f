import { Barrier } from './barrier.ts'
import { Board } from './board.ts'
import type { LockstepPlan } from './plan.ts'
import { Ring } from './ring.ts'

/** The ring from one domain, by its number, to another. */
export interface RingMemory {
  readonly from: number
  readonly to: number
  readonly buffer: ArrayBufferLike
}

/** What the members of a lockstep run share; can be posted to worker threads. */
export interface LockstepMemory {
  readonly rings: readonly RingMemory[]
  readonly barrier: ArrayBufferLike
  readonly board: ArrayBufferLike
}

const DEFAULT_RING_BYTES = 0x1_0000

/** Makes the memory for a plan on that many threads; one alone shares it with nobody, so that it runs in any browser. */
export function allocateMemory(plan: LockstepPlan, members: number): LockstepMemory {
  const allocate = (bytes: number): ArrayBufferLike =>
    members === 1 ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes)
  const numbers = new Map(plan.domains.map(({ name }, number) => [name, number]))
  const pairs = new Map<string, RingMemory>()
  for (const { ends } of plan.links) {
    const [one, other] = ends.map((end) => numbers.get(end)) as [number, number]
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const key = `${from} ${to}`
      if (pairs.has(key)) continue
      pairs.set(key, { from, to, buffer: allocate(Ring.bytes(plan.ringBytes ?? DEFAULT_RING_BYTES)) })
    }
  }
  return {
    rings: [...pairs.values()].sort((a, b) => a.to - b.to || a.from - b.from),
    barrier: allocate(Barrier.bytes(members)),
    board: allocate(Board.bytes(members)),
  }
}

/** The thread of each domain, by number: in turn, so that neighbours of the plan are apart. */
export function placeDomains(plan: LockstepPlan, members: number): number[] {
  return plan.domains.map((_, number) => number % members)
}
