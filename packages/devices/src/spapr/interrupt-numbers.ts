import { MSI_INTERRUPTS } from './spec/rtas.ts'

/** A run of interrupt numbers. */
export interface InterruptRun {
  readonly first: number
  readonly count: number
}

/** The interrupt numbers of a machine that are given to messages, in runs: first fit, so that the same calls give the same numbers. */
export class InterruptNumbers {
  readonly #taken: InterruptRun[] = []

  /** Ascending. */
  get taken(): readonly InterruptRun[] {
    return this.#taken
  }

  /** Takes `count` numbers that follow each other, from a multiple of `align` on; `undefined` where none are left. */
  allocate(count: number, align = 1): InterruptRun | undefined {
    const end = MSI_INTERRUPTS.first + MSI_INTERRUPTS.count
    let first = roundUp(MSI_INTERRUPTS.first, align)
    let place = 0
    for (; place < this.#taken.length; place++) {
      const next = this.#taken[place] as InterruptRun
      if (first + count <= next.first) break
      first = Math.max(first, roundUp(next.first + next.count, align))
    }
    if (first + count > end) return undefined
    const run = { first, count }
    this.#taken.splice(place, 0, run)
    return run
  }

  free(run: InterruptRun): void {
    const place = this.#taken.findIndex(({ first }) => first === run.first)
    if (place >= 0) this.#taken.splice(place, 1)
  }

  /** Takes a run that a saved machine had given; it is free in one that has been composed anew. */
  take(run: InterruptRun): void {
    const place = this.#taken.findIndex(({ first }) => first > run.first)
    this.#taken.splice(place < 0 ? this.#taken.length : place, 0, { first: run.first, count: run.count })
  }
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to
}
