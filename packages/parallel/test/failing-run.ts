import { HostbridgeError } from '@hostbridge/core/lockstep'
import { expect, vi } from 'vitest'
import { Lockstep, type LockstepOptions } from '../src/lockstep.ts'
import type { Args } from './domains.ts'
import { gossipPlan } from './gossip.ts'

/** Opens the four domains that talk, of which one is told something special. */
export function openWith(
  workers: number,
  south: Partial<Args>,
  more: Partial<LockstepOptions> = {},
): Promise<Lockstep> {
  return Lockstep.open({ ...gossipPlan({}, {}, { south }), workers, ...more })
}

/** What a run or an opening has failed with. */
export async function failureOf(outcome: Promise<unknown>): Promise<HostbridgeError> {
  const error = await outcome.then(
    () => new Error('nothing failed'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(HostbridgeError)
  return error as HostbridgeError
}

/** Where a domain says that it has come to its fifth event, and on which thread. */
export function mark(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(8))
}

/** Waits for a domain, however slow the host is. */
export async function comesTo(reached: Int32Array): Promise<void> {
  await vi.waitUntil(() => Atomics.load(reached, 0) === 1, { timeout: 25_000, interval: 2 })
}
