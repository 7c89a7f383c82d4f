import type { CompleteJob } from './traffic-job.ts'

/** Where a pattern is. */
export interface SavedPattern {
  /** Of a sequential job: which of the places comes next. */
  readonly block: number
  /** Of the generator of random numbers. */
  readonly state: number
}

/** Chooses place and direction of each request, deterministically from the job's seed. */
export class TrafficPattern {
  readonly #random: boolean
  /** Places where a request can lie. */
  readonly #blocks: number
  readonly #base: bigint
  readonly #bytes: number
  readonly #readShare: number
  #block: number
  #state: number

  constructor(job: CompleteJob, { block, state }: SavedPattern = { block: 0, state: stateOf(job.seed) }) {
    this.#random = job.pattern === 'random'
    const listed = job.pattern === 'scatter-gather'
    this.#blocks = listed ? 1 : Number(job.length / BigInt(job.requestBytes))
    this.#base = job.base
    this.#bytes = listed ? 0 : job.requestBytes
    this.#readShare = job.readPercent / 100
    this.#block = block
    this.#state = state
  }

  /** Whether the next request reads guest memory. */
  reads(): boolean {
    if (this.#readShare === 1) return true
    if (this.#readShare === 0) return false
    return this.#draw() / 2 ** 32 < this.#readShare
  }

  /** Where the next request lies. */
  place(): bigint {
    const block = this.#random ? Math.floor(this.#fraction() * this.#blocks) : this.#block
    if (!this.#random) this.#block = block + 1 < this.#blocks ? block + 1 : 0
    return this.#base + BigInt(block * this.#bytes)
  }

  /** A whole number from 0 up to, not including, a limit of at most 2^32; 0 for a limit of 0. */
  below(limit: number): number {
    return limit === 0 ? 0 : Math.floor((this.#draw() / 2 ** 32) * limit)
  }

  save(): SavedPattern {
    return { block: this.#block, state: this.#state }
  }

  /** A number of 53 bits from 0 up to, not including, 1. */
  #fraction(): number {
    return ((this.#draw() >>> 5) * 2 ** 26 + (this.#draw() >>> 6)) / 2 ** 53
  }

  /** 32 bits (xorshift32). */
  #draw(): number {
    let state = this.#state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state >>> 0
    return this.#state
  }
}

/** Seeds that are neighbours begin far apart; the generator's state is never 0. */
function stateOf(seed: number): number {
  const mixed = Math.imul(seed ^ (seed >>> 16), 0x85eb_ca6b)
  const more = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35)
  return (more ^ (more >>> 16)) >>> 0 || 0x9e37_79b9
}
