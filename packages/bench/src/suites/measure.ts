import { setTimeout } from 'node:timers/promises'
import { HostbridgeError } from '@hostbridge/core'
import { Bench } from 'tinybench'
import type { BenchCase, CaseReport } from './bench-case.ts'
import { threadCpuTime, wallTime } from './clock.ts'

export interface MeasureOptions {
  /** A short run: a few samples, to show that it works. */
  readonly quick: boolean
  readonly signal?: AbortSignal
}

/**
 * Measures an opened case on tinybench and reports the median of its samples, with their spread.
 *
 * @throws HostbridgeError `bench.case` where a sample fails or does not do its work; the reason is its cause.
 */
export async function measure(name: string, open: BenchCase, options: MeasureOptions): Promise<CaseReport> {
  const { quick, signal } = options
  const bench = new Bench({
    now: open.clock === 'cpu' ? threadCpuTime : wallTime,
    time: quick ? 50 : 500,
    iterations: quick ? 3 : (open.minSamples ?? 10),
    warmupTime: quick ? 0 : 100,
    warmupIterations: quick ? 1 : 2,
    throws: false,
    ...(signal && { signal }),
  })
  bench.add(name, () => open.run(), {
    async: open.run.constructor.name === 'AsyncFunction',
    ...(open.prepare && { beforeEach: () => open.prepare?.() }),
    ...(open.check && { afterEach: () => open.check?.() }),
  })
  await bench.run()
  // Samples that never wait let nothing else in: a Ctrl-C that came meanwhile is heard here.
  await setTimeout(0)
  signal?.throwIfAborted()
  const [task] = bench.tasks
  const result = task?.result
  if (result === undefined || result.state !== 'completed') {
    const cause = result?.state === 'errored' ? result.error : undefined
    const message = `case ${name} did not complete${cause === undefined ? '' : `: ${cause.message}`}`
    throw new HostbridgeError('bench.case', message, { case: name }, { cause })
  }
  const { p50, min, max, rme, samplesCount } = result.latency
  const nsPerUnit = (milliseconds: number): number => (milliseconds * 1e6) / open.units
  const ns = nsPerUnit(p50)
  return {
    name,
    ns,
    unit: open.unit,
    samples: samplesCount,
    rme,
    min: nsPerUnit(min),
    max: nsPerUnit(max),
    ...open.facts?.(ns, nsPerUnit(min)),
  }
}
