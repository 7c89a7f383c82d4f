import { performance } from 'node:perf_hooks'

const nobody = new Int32Array(new SharedArrayBuffer(4))

/** How long a thread sleeps before its CPU time is read, in ms: long enough that it really gives the processor away. */
const NAP = 0.05

/**
 * CPU time of the calling thread in ms; of the whole process where Node cannot tell threads apart (before 23.9).
 *
 * While a thread runs, Linux books its time at ticks only, 4 ms apart; when it goes to sleep, exactly. So it takes a nap
 * first, which costs some 10 µs of CPU time.
 */
export function threadCpuTime(): number {
  Atomics.wait(nobody, 0, 0, NAP)
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage()
  return (user + system) / 1000
}

export function wallTime(): number {
  return performance.now()
}
