import type { EventQueue } from './event-queue.ts'

/**
 * Serves all events up to and at `time` and moves on to it; returns how many there were.
 *
 * @throws HostbridgeError `time.tick`, `time.past` and `time.livelock` as the queue does.
 */
export function runUntil(queue: EventQueue, time: number): number {
  let served = 0
  for (; queue.nextTick() <= time; served++) queue.serviceOne()
  queue.advanceTo(time)
  return served
}

/**
 * Moves on by `ticks` and serves what is due on the way, or, without a number, on to the next event and serves all of its
 * instant; returns the time then (`clock_step` of QEMU's qtest protocol, system/qtest.c).
 */
export function clockStep(queue: EventQueue, ticks?: number): number {
  const time = ticks === undefined ? queue.nextTick() : queue.now + ticks
  if (time !== Number.POSITIVE_INFINITY) runUntil(queue, time)
  return queue.now
}
