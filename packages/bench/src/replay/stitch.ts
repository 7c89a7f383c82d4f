import { RUN_LANES, RunLane } from '@hostbridge/core/iommu'

/** Takes the first `count` of `runs`, which are valid during the call only. */
export type TakeRuns = (runs: Float64Array, count: number) => void

/**
 * Joins the runs of shards into those of one walk: where one shard's last run goes on in the next shard's first, they are one.
 *
 * What it hands on does not depend on where the window was cut. The last run so far waits until {@link end}.
 */
export class Stitcher {
  readonly #take: TakeRuns
  readonly #last: Float64Array = new Float64Array(RUN_LANES)

  constructor(take: TakeRuns) {
    this.#take = take
  }

  /** Adds the first `count` of `runs`, which lie behind all that were added before; changes the first of them. */
  add(runs: Float64Array, count: number): void {
    if (count === 0) return
    const last = this.#last
    const frames = last[RunLane.frames] as number
    if (frames > 0) {
      if (this.#goesOn(runs)) {
        runs[RunLane.iova] = last[RunLane.iova] as number
        runs[RunLane.target] = last[RunLane.target] as number
        runs[RunLane.frames] = (runs[RunLane.frames] as number) + frames
      } else {
        this.#take(last, 1)
      }
    }
    if (count > 1) this.#take(runs, count - 1)
    const at = (count - 1) * RUN_LANES
    for (let lane = 0; lane < RUN_LANES; lane++) last[lane] = runs[at + lane] as number
  }

  /** Hands on the last run. */
  end(): void {
    if ((this.#last[RunLane.frames] as number) > 0) this.#take(this.#last, 1)
    this.#last.fill(0)
  }

  #goesOn(runs: Float64Array): boolean {
    const last = this.#last
    const frames = last[RunLane.frames] as number
    return (
      runs[RunLane.iova] === (last[RunLane.iova] as number) + frames &&
      runs[RunLane.target] === (last[RunLane.target] as number) + frames &&
      runs[RunLane.meta] === last[RunLane.meta]
    )
  }
}
