import {
  TRAFFIC_IDENTIFICATION,
  TRAFFIC_LIMITS,
  TRAFFIC_LIST_ENTRY,
  TRAFFIC_PATTERNS,
  Traffic,
  TrafficControl,
  TrafficStatus,
} from '../spec/traffic-engine.ts'
import type { LatencyHistogram } from './latency-histogram.ts'
import type { TrafficJob, TrafficSegment } from './traffic-job.ts'

/** What an engine has done since its job was started. */
export interface TrafficCounters {
  readonly started: number
  /** The failed ones among them. */
  readonly completed: number
  readonly failed: number
  /** Bytes of requests that did not fail. */
  readonly bytesRead: number
  readonly bytesWritten: number
  /** The first address that could not be reached of the last request that failed; 0 while none has. */
  readonly faultAddress: bigint
}

/** Where a job is: `stopped` by whoever started it, or `faulted` since it was to stop at the first fault. */
export type TrafficState = 'idle' | 'running' | 'done' | 'stopped' | 'faulted'

/** The engine as its registers see it. */
export interface TrafficEnginePort {
  readonly status: TrafficState
  readonly counters: TrafficCounters
  readonly latency: LatencyHistogram
  readonly interruptStatus: number
  /** Starts a job of the guest; says whether it was started. */
  startForGuest(job: TrafficJob): boolean
  stop(): void
  acknowledge(bits: number): void
  /** Reads the guest's list; says whether all of it could be read. */
  fetchList(iova: bigint, into: Uint8Array): boolean
}

const FIRST_OF_JOB = Traffic.pattern
const BEHIND_JOB = Traffic.listEntries + 4
const KEPT = TrafficControl.stopOnFault | TrafficControl.interruptWhenDone | TrafficControl.interruptOnFault

/** The registers of a traffic engine, as a guest's driver programs it. */
export class TrafficRegisters {
  readonly #engine: TrafficEnginePort
  /** What describes the next job. */
  readonly #job = new DataView(new ArrayBuffer(BEHIND_JOB))
  #control = 0
  #permille = 0
  #badJob = false

  constructor(engine: TrafficEnginePort) {
    this.#engine = engine
  }

  get interruptsWhenDone(): boolean {
    return (this.#control & TrafficControl.interruptWhenDone) !== 0
  }

  get interruptsOnFault(): boolean {
    return (this.#control & TrafficControl.interruptOnFault) !== 0
  }

  read(offset: number): number {
    if (offset >= FIRST_OF_JOB && offset < BEHIND_JOB) return this.#job.getUint32(offset, true)
    const { counters, latency } = this.#engine
    switch (offset) {
      case Traffic.identification:
        return TRAFFIC_IDENTIFICATION
      case Traffic.control:
        return this.#control
      case Traffic.status:
        return this.#status()
      case Traffic.interruptStatus:
        return this.#engine.interruptStatus
      case Traffic.started:
        return counters.started
      case Traffic.completed:
        return counters.completed
      case Traffic.failed:
        return counters.failed
      case Traffic.permille:
        return this.#permille
    }
    switch (offset & ~4) {
      case Traffic.bytesRead:
        return half(BigInt(counters.bytesRead), offset)
      case Traffic.bytesWritten:
        return half(BigInt(counters.bytesWritten), offset)
      case Traffic.faultAddress:
        return half(counters.faultAddress, offset)
      case Traffic.latency:
        return half(BigInt(latency.percentile(this.#permille / 10)), offset)
    }
    return 0
  }

  write(offset: number, value: number): void {
    if (offset >= FIRST_OF_JOB && offset < BEHIND_JOB) this.#job.setUint32(offset, value, true)
    else if (offset === Traffic.interruptStatus) this.#engine.acknowledge(value)
    else if (offset === Traffic.permille) this.#permille = Math.min(value, 1000)
    else if (offset === Traffic.control) {
      this.#control = value & KEPT
      if ((value & TrafficControl.stop) !== 0) this.#engine.stop()
      if ((value & TrafficControl.start) !== 0) this.#badJob = !this.#engine.startForGuest(this.#described())
    }
  }

  reset(): void {
    for (let offset = FIRST_OF_JOB; offset < BEHIND_JOB; offset += 4) this.#job.setUint32(offset, 0)
    this.#control = 0
    this.#permille = 0
    this.#badJob = false
  }

  save(): unknown {
    return [new Uint8Array(this.#job.buffer.slice(0)), this.#control, this.#permille, this.#badJob]
  }

  restore(state: unknown): void {
    const [job, control, permille, badJob] = state as [Uint8Array, number, number, boolean]
    new Uint8Array(this.#job.buffer).set(job)
    this.#control = control
    this.#permille = permille
    this.#badJob = badJob
  }

  #status(): number {
    const { status } = this.#engine
    return (status === 'idle' ? 0 : TrafficStatus[status]) | (this.#badJob ? TrafficStatus.badJob : 0)
  }

  /** The job that the registers describe; a pattern that there is not, and a list that cannot be read, make it one that is refused. */
  #described(): TrafficJob {
    const word = (offset: number): number => this.#job.getUint32(offset, true)
    const wide = (offset: number): bigint => this.#job.getBigUint64(offset, true)
    const rate = Number(wide(Traffic.rate))
    const pattern = TRAFFIC_PATTERNS[word(Traffic.pattern)]
    return {
      ...(pattern && { pattern }),
      ...(rate > 0 && { rate: word(Traffic.rateUnit) === 0 ? { requestsPerSecond: rate } : { bytesPerSecond: rate } }),
      base: wide(Traffic.base),
      length: wide(Traffic.length),
      requestBytes: word(Traffic.requestBytes),
      segments: pattern === 'scatter-gather' ? this.#list(wide(Traffic.list), word(Traffic.listEntries)) : [],
      requests: pattern === undefined ? 0 : word(Traffic.requests),
      outstanding: word(Traffic.outstanding),
      readPercent: word(Traffic.readPercent),
      seed: word(Traffic.seed),
      stopOnFault: (this.#control & TrafficControl.stopOnFault) !== 0,
    }
  }

  #list(iova: bigint, entries: number): TrafficSegment[] {
    if (entries > TRAFFIC_LIMITS.segments) return []
    const bytes = new Uint8Array(entries * TRAFFIC_LIST_ENTRY)
    if (!this.#engine.fetchList(iova, bytes)) return []
    const view = new DataView(bytes.buffer)
    return Array.from({ length: entries }, (_, entry) => {
      const at = entry * TRAFFIC_LIST_ENTRY
      return { iova: view.getBigUint64(at, true), bytes: view.getUint32(at + 8, true) }
    })
  }
}

/** The half of a number of 64 bits that a register of a pair has. */
function half(value: bigint, offset: number): number {
  return Number((offset & 4) === 0 ? value & 0xffff_ffffn : value >> 32n)
}
