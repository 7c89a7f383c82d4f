import { MiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { ram } from '@hostbridge/core/memory'
import { TrafficEngine, type TrafficJob } from '@hostbridge/devices/endpoints'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'
import type { BenchCase } from './bench-case.ts'
import { threadCpuTime } from './clock.ts'
import { xorshift32 } from './random.ts'

/** Requests that one sample makes. */
const REQUESTS = 100_000
const QUICK = 2000

const WINDOW = 32n * MiB
const PAGE = 4096n
const BYTES = 512

/** Requests under way at once. */
const OUTSTANDING = 32

const JOBS: Readonly<Record<string, Omit<TrafficJob, 'requests'>>> = {
  traffic: { pattern: 'random', base: 0n, length: WINDOW, requestBytes: BYTES },
  'traffic/sequential': { pattern: 'sequential', base: 0n, length: WINDOW, requestBytes: BYTES },
  'traffic/scatter-gather': {
    pattern: 'scatter-gather',
    segments: Array.from({ length: 4 }, (_, place) => ({ iova: BigInt(place) * 2n * MiB, bytes: BYTES / 4 })),
  },
}

export const TRAFFIC_CASES: readonly string[] = Object.keys(JOBS)

/**
 * Requests of 512 bytes of a traffic engine behind a TCE table, 70 of 100 reads, 32 under way: `traffic` is random, `traffic/sequential`
 * and `traffic/scatter-gather` (4 places) are the others.
 *
 * Facts: `requestsPerSecond` of this machine's time; `dmaNs` is what as many DMA accesses of 512 bytes at random places take without
 * an engine, its events and its histogram, in rounds between the samples.
 */
export function trafficCase(name: string, quick: boolean): BenchCase | undefined {
  const job = Object.hasOwn(JOBS, name) ? JOBS[name] : undefined
  if (job === undefined) return undefined
  const requests = quick ? QUICK : REQUESTS
  const { machine, engine } = behindTces()
  const places = Array.from({ length: 4096 }, xorshift32(2463534242)).map((random) => BigInt(random % 65536) * 512n)
  const bytes = new Uint8Array(BYTES)
  let [least, seed] = [Number.POSITIVE_INFINITY, 0]
  return {
    unit: 'request',
    units: requests,
    clock: 'cpu',
    prepare() {
      const start = threadCpuTime()
      for (let index = 0; index < requests; index++) {
        const iova = places[index & 4095] as bigint
        if (index % 10 < 7) engine.dmaRead(iova, bytes)
        else engine.dmaWrite(iova, bytes)
      }
      least = Math.min(least, ((threadCpuTime() - start) * 1e6) / requests)
      engine.run({ ...job, requests, outstanding: OUTSTANDING, readPercent: 70, seed: ++seed })
    },
    run() {
      machine.run()
    },
    check() {
      const { completed, failed } = engine.counters
      if (completed !== requests || failed > 0 || engine.latency.count !== requests)
        throw new Error('requests were lost')
    },
    facts: (ns) => ({ requestsPerSecond: Math.round(1e9 / ns), dmaNs: Math.round(least) }),
  }
}

function behindTces(): { machine: Machine; engine: TrafficEngine } {
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', WINDOW))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  const engine = phb.plug('00:01.0', new TrafficEngine({ jitter: 500 }))
  for (let iova = 0n; iova < WINDOW; iova += PAGE) phb.window.put(iova, { to: WINDOW - PAGE - iova, access: 'rw' })
  return { machine, engine }
}
