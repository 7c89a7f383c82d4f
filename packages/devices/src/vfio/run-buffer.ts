import { RUN_LANES, RunLane } from '@hostbridge/core/iommu'

/** Runs in the making: a `Float64Array` of {@link RUN_LANES} lanes a run that grows and is used again and again. */
export class RunBuffer {
  runs: Float64Array = new Float64Array(16 * RUN_LANES)
  count = 0

  clear(): void {
    this.count = 0
  }

  push(iova: number, frames: number, target: number, meta: number): void {
    const at = this.count * RUN_LANES
    if (at === this.runs.length) this.#grow()
    this.runs[at + RunLane.iova] = iova
    this.runs[at + RunLane.frames] = frames
    this.runs[at + RunLane.target] = target
    this.runs[at + RunLane.meta] = meta
    this.count++
  }

  #grow(): void {
    const larger = new Float64Array(this.runs.length * 2)
    larger.set(this.runs)
    this.runs = larger
  }
}
