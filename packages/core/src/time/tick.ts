import { HostbridgeError } from '../errors.ts'

/** The last instant of virtual time in ticks: 2^53 - 1 ns are 104 days. */
export const LAST_TICK: number = Number.MAX_SAFE_INTEGER

/**
 * Turns a time of the border into a tick of the queue.
 *
 * @throws HostbridgeError `time.tick` unless `0 <= time <= 2^53 - 1`.
 */
export function tickOf(time: bigint): number {
  const tick = Number(time)
  if (tick < 0 || tick > LAST_TICK) throw notATick(time)
  return tick
}

export function notATick(time: bigint | number): HostbridgeError {
  return new HostbridgeError('time.tick', `${time} is no instant: ticks are whole nanoseconds, 0 to ${LAST_TICK}`, {
    time,
  })
}
