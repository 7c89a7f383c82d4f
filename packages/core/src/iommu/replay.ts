import type { RefusedRun } from '../memory/listener.ts'
import { Permission } from '../memory/translator.ts'
import { Delivery } from './delivery.ts'
import { entryStart, framesOfShift } from './entry-size.ts'
import { IommuEvent } from './event.ts'
import { ProbePositions } from './granularity.ts'
import { type Notifier, NotifierFlag, type NotifierForm } from './notifier.ts'
import { RUN_LANES, RunLane, runPermission, runShift } from './run.ts'

export interface ReplayOptions {
  /**
   * Bytes from one probe to the next; the IOMMU's smallest page unless told. The positions 0, g, 2g, … of the *region*
   * are probed, so that notifiers over slices of it find together what one over all of it finds.
   */
  readonly granularity?: bigint
  /** Only mappings that permit such an access; all unless told. */
  readonly access?: 'read' | 'write'
  /** The notifier's own form unless told. */
  readonly form?: NotifierForm
}

export interface ReplayResult {
  /** Callbacks made, the refused ones among them. */
  readonly events: number
  /** Bytes that were handed over, each mapped byte once. */
  readonly bytes: bigint
  /** What the notifier refused; it was told the rest all the same. */
  readonly failures: readonly RefusedRun[]
}

/** The size in bytes and the log2 of the smallest page of the IOMMU region whose mappings are replayed. */
export interface ReplayedRegion {
  readonly size: bigint
  readonly pageShift: number
}

/**
 * Tells one notifier what is mapped, given the runs of a walker: each mapping once, ascending, cut to the notifier's range.
 *
 * A mapping counts when a probed position lies in it; it is told as the table has it, be it finer or coarser than the
 * granularity, and not cut at the region's end (memory-model RP-2 with the fixes of its section 8.1). The cost is that of
 * the runs, whatever the size and the granularity. Walk `firstFrame` to `lastFrame` (nothing if they are in the wrong order),
 * `take` the runs ascending, ask for the `result`.
 */
export class Replay {
  readonly firstFrame: number
  readonly lastFrame: number
  readonly #notifier: Notifier
  readonly #form: NotifierForm
  readonly #wanted: number
  readonly #positions: ProbePositions
  readonly #delivery: Delivery = new Delivery()
  readonly #change: IommuEvent = new IommuEvent()

  /** @throws HostbridgeError `iommu.granularity` for a granularity of 0 or less. */
  constructor(region: ReplayedRegion, notifier: Notifier, options: ReplayOptions = {}) {
    this.#notifier = notifier
    this.#form = options.form ?? notifier.form
    this.#wanted = wantedPermission(options.access)
    this.#positions = new ProbePositions(region.size, options.granularity ?? 1n << BigInt(region.pageShift))
    const hears = (notifier.flags & NotifierFlag.map) !== 0
    const end = this.#positions.lastFrame
    // A mapping that the last position finds may reach the notifier's range although the region ends before it.
    this.firstFrame = Math.min(notifier.firstFrame, end)
    this.lastFrame = hears ? Math.min(notifier.lastFrame, end) : -1
    this.#change.type = 'map'
    this.#change.index = notifier.index
  }

  /** Tells the notifier the first `count` of `runs`. */
  take(runs: Float64Array, count: number): void {
    const isMerged = this.#form === 'runs'
    for (let at = 0; at < count * RUN_LANES; at += RUN_LANES) {
      const meta = runs[at + RunLane.meta] as number
      if ((runPermission(meta) & this.#wanted) === 0) continue
      const first = runs[at + RunLane.iova] as number
      const frames = runs[at + RunLane.frames] as number
      const target = runs[at + RunLane.target] as number
      const isFound = framesOfShift(runShift(meta)) >= this.#positions.pages
      const isInside = first > this.firstFrame && first + frames <= this.lastFrame
      if (isMerged && isFound && isInside) this.#delivery.deliverWhole(this.#notifier, first, frames, target, meta)
      else this.#takePart(first, first + frames - 1, target - first, meta)
    }
  }

  result(): ReplayResult {
    return { events: this.#delivery.events, bytes: this.#delivery.bytes, failures: [...this.#delivery.failures] }
  }

  /** Delivers what is wanted of a run that the range may cut, or some of whose entries no position may find. */
  #takePart(runFirst: number, runLast: number, offset: number, meta: number): void {
    const shift = runShift(meta)
    const entry = framesOfShift(shift)
    this.#change.permission = runPermission(meta)
    this.#change.shift = shift
    // The walk has cut its first and its last run: what counts is the whole entry.
    const first = runFirst === this.firstFrame ? entryStart(runFirst, shift) : runFirst
    const last = runLast === this.lastFrame ? entryStart(runLast, shift) + entry - 1 : runLast
    if (entry >= this.#positions.pages) this.#deliver(first, last, offset)
    else this.#deliverFound(first, last, offset, shift)
  }

  /** Delivers the entries of a run that hold a position; neighbours among them stay one run. */
  #deliverFound(first: number, last: number, offset: number, shift: number): void {
    let begin = first
    let end = first - 1
    for (let frame = first; frame <= last; frame = end + 1) {
      const position = this.#positions.frameFrom(frame)
      if (position > last) break
      const base = entryStart(position, shift)
      if (base !== end + 1) {
        if (end >= begin) this.#deliver(begin, end, offset)
        begin = base
      }
      end = base + framesOfShift(shift) - 1
    }
    if (end >= begin) this.#deliver(begin, end, offset)
  }

  #deliver(first: number, last: number, offset: number): void {
    const change = this.#change
    change.frame = first
    change.frames = last - first + 1
    change.target = first + offset
    this.#delivery.deliver(this.#notifier, change, this.#form, false)
  }
}

function wantedPermission(access: ReplayOptions['access']): number {
  if (access === undefined) return Permission.readWrite
  return access === 'read' ? Permission.read : Permission.write
}
