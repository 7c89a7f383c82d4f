import { bytesOf, type CompleteJob, rateOf } from './traffic-job.ts'

const SECOND = 1_000_000_000

/** Where a pace is: the instant of the next request in ticks, and what is left of a tick. */
export interface SavedPace {
  readonly due: number
  readonly phase: number
}

/** When the requests of a job come: exactly at its rate, however many ticks and parts of a tick lie between them. */
export class TrafficPace {
  /** The instant of the next request in ticks. */
  due: number
  /** Ticks between requests are `#numerator / #rate`; `#phase` is what is left of it, below `#rate`. */
  readonly #numerator: number
  readonly #rate: number
  #phase: number

  constructor({ due, phase }: SavedPace, job: CompleteJob) {
    const { rate } = job
    this.due = due
    this.#phase = phase
    this.#rate = rate === undefined ? 1 : rateOf(rate)
    this.#numerator = rate === undefined ? 0 : 'requestsPerSecond' in rate ? SECOND : SECOND * bytesOf(job)
  }

  /** Goes on to the next request; without a rate it is due whenever there is room. */
  next(): void {
    const sum = this.#phase + this.#numerator
    this.#phase = sum % this.#rate
    this.due += (sum - this.#phase) / this.#rate
  }

  save(): SavedPace {
    return { due: this.due, phase: this.#phase }
  }
}
