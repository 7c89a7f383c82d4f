import { TRAFFIC_LIMITS } from '../spec/traffic-engine.ts'

/** What one request of a scatter-gather list moves at one place. */
export interface TrafficSegment {
  readonly iova: bigint
  readonly bytes: number
}

/** How fast requests come, in virtual time, whether or not earlier ones are done. */
export type TrafficRate = { readonly requestsPerSecond: number } | { readonly bytesPerSecond: number }

/** What a traffic engine is to do. */
export interface TrafficJob {
  /** One request behind the other, anywhere, or each all over {@link segments}; `sequential` unless told. */
  readonly pattern?: 'sequential' | 'random' | 'scatter-gather'
  /** The first address; 0 unless told. A sequential job begins again there when it has come to the end. */
  readonly base?: bigint
  /** Bytes from there; `requestBytes` unless told. Requests lie at whole multiples of their size in them. */
  readonly length?: bigint
  /** Bytes of a request, 1 to 64 KiB; 4096 unless told. */
  readonly requestBytes?: number
  /** Places of a scatter-gather request, 1 to 256 with at most 1 MiB together. */
  readonly segments?: readonly TrafficSegment[]
  /** Requests of the job, 1 to 2^24. */
  readonly requests: number
  /** Requests that are under way at once, as far as the engine can; 1 unless told. */
  readonly outstanding?: number
  /** Without it the next request comes when there is room for it. */
  readonly rate?: TrafficRate
  /** How many of 100 requests read guest memory, the others write it; 100 unless told. */
  readonly readPercent?: number
  /** Chooses places and directions, 0 to 2^32 - 1; the same seed, the same requests. 1 unless told. */
  readonly seed?: number
  /** Whether the first fault ends the job. */
  readonly stopOnFault?: boolean
}

/** A job with nothing left open. */
export type CompleteJob = Required<Omit<TrafficJob, 'rate'>> & { readonly rate: TrafficRate | undefined }

export function completeJob(job: TrafficJob): CompleteJob {
  const requestBytes = job.requestBytes ?? 4096
  return {
    pattern: job.pattern ?? 'sequential',
    base: job.base ?? 0n,
    length: job.length ?? BigInt(Math.max(0, Math.trunc(requestBytes) || 0)),
    requestBytes,
    segments: job.pattern === 'scatter-gather' ? [...(job.segments ?? [])] : [],
    requests: job.requests,
    outstanding: job.outstanding ?? 1,
    rate: job.rate,
    readPercent: job.readPercent ?? 100,
    seed: job.seed ?? 1,
    stopOnFault: job.stopOnFault ?? false,
  }
}

/** Bytes that one request of the job moves. */
export function bytesOf({ pattern, segments, requestBytes }: CompleteJob): number {
  return pattern === 'scatter-gather' ? segments.reduce((sum, { bytes }) => sum + bytes, 0) : requestBytes
}

/** Why an engine that can have `slots` requests under way cannot do a job: a clause; nothing where it can. */
export function refuseJob(job: CompleteJob, slots: number): string | undefined {
  const { requestBytes, requests, segments, listBytes } = TRAFFIC_LIMITS
  if (!isWhole(job.requests, 1, requests)) return `it has ${job.requests} requests, not 1 to ${requests}`
  if (!isWhole(job.outstanding, 1, slots))
    return `${job.outstanding} requests cannot be under way at once, 1 to ${slots} can`
  if (!(job.readPercent >= 0 && job.readPercent <= 100)) return `${job.readPercent} of 100 requests cannot be reads`
  if (!isWhole(job.seed, 0, 0xffff_ffff)) return `its seed ${job.seed} is no number of 32 bits`
  const rate = job.rate === undefined ? 1 : rateOf(job.rate)
  if (!isWhole(rate, 1, TRAFFIC_LIMITS.rate)) return `its rate is ${rate} a second, not 1 to ${TRAFFIC_LIMITS.rate}`
  if (job.pattern === 'scatter-gather') {
    if (!isWhole(job.segments.length, 1, segments))
      return `its list has ${job.segments.length} places, not 1 to ${segments}`
    if (job.segments.some(({ bytes }) => !isWhole(bytes, 1, listBytes)) || bytesOf(job) > listBytes) {
      return `the places of its list have not 1 to ${listBytes} bytes together`
    }
    return job.segments.some(({ iova, bytes }) => !fits(iova, BigInt(bytes))) ? 'a place lies past 2^64' : undefined
  }
  if (!isWhole(job.requestBytes, 1, requestBytes))
    return `a request has ${job.requestBytes} bytes, not 1 to ${requestBytes}`
  if (job.length < BigInt(job.requestBytes)) return `no request of ${job.requestBytes} bytes fits into ${job.length}`
  if (job.length > BigInt(Number.MAX_SAFE_INTEGER)) return `${job.length} bytes are more than 2^53 - 1`
  return fits(job.base, job.length) ? undefined : 'its last byte lies past 2^64'
}

/** Requests or bytes a second. */
export function rateOf(rate: TrafficRate): number {
  return 'requestsPerSecond' in rate ? rate.requestsPerSecond : rate.bytesPerSecond
}

function fits(address: bigint, length: bigint): boolean {
  return address >= 0n && address + length <= 2n ** 64n
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && least <= value && value <= most
}
