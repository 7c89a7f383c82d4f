import type { EventQueue } from './event-queue.ts'
import { LAST_TICK, notATick } from './tick.ts'

/**
 * Serves all events up to and at `time` and moves on to it; returns how many there were.
 *
 * @throws HostbridgeError `time.tick` and `time.past` before anything is served, `time.livelock` as the queue does.
 */
export function runUntil(queue: EventQueue, time: number): number {
  if (!Number.isInteger(time) || time > LAST_TICK) throw notATick(time)
  let served = 0
  for (; queue.nextTick() <= time; served++) queue.serviceOne()
  queue.advanceTo(time)
  return served
}

/**
 * Moves on by `ticks` and serves what is due on the way, or, without a number, on to the next event and serves all of its
 * instant; returns the time then (`clock_step` of QEMU's qtest protocol, system/qtest.c).
 *
 * @throws HostbridgeError as {@link runUntil}.
 */
export function clockStep(queue: EventQueue, ticks?: number): number {
  if (ticks !== undefined) runUntil(queue, queue.now + ticks)
  else if (queue.size > 0) runUntil(queue, queue.nextTick())
  return queue.now
}
