import { performance } from 'node:perf_hooks'

const nobody = new Int32Array(new SharedArrayBuffer(4))

/** How long a thread sleeps before its CPU time is read, in ms. */
const NAP = 0.05
/** Naps at most: a thread that is woken before it has given the processor away takes another. */
const NAPS = 20

/**
 * CPU time of the calling thread in ms; of the whole process where Node cannot tell threads apart (before 23.9).
 *
 * While a thread runs, Linux books its time at ticks only, 4 ms apart; when it goes to sleep, exactly. So it takes naps until
 * something was booked, of which one costs some 10 µs of CPU time.
 */
export function threadCpuTime(): number {
  const before = booked()
  let now = before
  for (let nap = 0; nap < NAPS && now === before; nap++) {
    Atomics.wait(nobody, 0, 0, NAP)
    now = booked()
  }
  return now / 1000
}

function booked(): number {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage()
  return user + system
}

export function wallTime(): number {
  return performance.now()
}
