import { HostbridgeError } from '@hostbridge/core'
import { addressOf } from '@hostbridge/core/address'
import { type ReplayResult, RUN_LANES, RunLane, runPermission, runShift } from '@hostbridge/core/iommu'
import type { GuestWindow } from './guest-window.ts'
import type { Mapper } from './mapper.ts'

/**
 * Takes the runs of one guest IOMMU straight into a container's page table, as its notifier would: with the same cuts, the
 * same refusals and the same bytes in the end, however the runs were divided among those who walked them.
 *
 * Between {@link begin} and {@link commit} or {@link rollback} the guest must not change its mappings: that throws
 * `vfio.sink-open`. What cannot wait (a change of the memory map, an unplug, a restore) takes all back and closes the sink.
 */
export class HostSink {
  readonly #mapper: Mapper
  readonly #findWindows: () => readonly GuestWindow[]
  #windows: readonly GuestWindow[] = []
  #iova = 0
  #frames = 0
  #target = 0
  #meta = 0
  #events = 0
  #pages = 0

  /** `findWindows` gives the IOMMU's windows as they are when the sink opens, or throws where there are none. */
  constructor(mapper: Mapper, findWindows: () => readonly GuestWindow[]) {
    this.#mapper = mapper
    this.#findWindows = findWindows
  }

  /** @throws HostbridgeError `vfio.sink-open` where a sink of the container is open, `vfio.not-followed`. */
  begin(): void {
    this.#mapper.checkFree('a second sink')
    this.#windows = this.#findWindows()
    this.#mapper.begin(this)
    this.#frames = 0
    this.#events = 0
    this.#pages = 0
  }

  /**
   * Takes the first `count` of `runs`, frames relative to the IOMMU region, ascending from call to call.
   *
   * @throws HostbridgeError `vfio.sink-closed`.
   */
  accept(runs: Float64Array, count: number): void {
    this.#checkOpen()
    for (let at = 0; at < count * RUN_LANES; at += RUN_LANES) {
      const iova = runs[at + RunLane.iova]!
      const frames = runs[at + RunLane.frames]!
      const target = runs[at + RunLane.target]!
      const meta = runs[at + RunLane.meta]!
      const follows = iova === this.#iova + this.#frames && target === this.#target + this.#frames
      if (follows && meta === this.#meta && this.#frames > 0) {
        this.#frames += frames
        continue
      }
      this.#flush()
      this.#iova = iova
      this.#frames = frames
      this.#target = target
      this.#meta = meta
    }
  }

  /**
   * Keeps what was taken. Where anything was refused it is in `failures`, and the page table is as it was at {@link begin}.
   *
   * @throws HostbridgeError `vfio.sink-closed`.
   */
  commit(): ReplayResult {
    this.#checkOpen()
    this.#flush()
    const failures = this.#mapper.takeRefused() ?? []
    if (failures.length > 0) this.#mapper.rollback()
    else this.#mapper.commit()
    return { events: this.#events, bytes: addressOf(this.#pages), failures }
  }

  /** Makes the page table byte for byte what it was at {@link begin}; of a sink that is closed it is that already. */
  rollback(): void {
    if (this.#mapper.isFilledBy(this)) this.#mapper.rollback()
  }

  #checkOpen(): void {
    if (this.#mapper.isFilledBy(this)) return
    throw new HostbridgeError(
      'vfio.sink-closed',
      'the sink is not open: a change of the memory map, an unplug or a restore has closed it, or nobody has opened it; begin anew',
    )
  }

  #flush(): void {
    if (this.#frames === 0) return
    for (const window of this.#windows) {
      const taken = window.map(this.#iova, this.#frames, this.#target, runPermission(this.#meta), runShift(this.#meta))
      this.#pages += taken
      if (taken > 0) this.#events++
    }
    this.#frames = 0
  }
}
