import { addressOf, PAGE_SIZE } from '../address/index.ts'
import type { RefusedRun } from '../memory/listener.ts'
import { entryStart, framesOfShift } from './entry-size.ts'
import { IommuEvent } from './event.ts'
import { flagOf, type Notifier, type NotifierForm } from './notifier.ts'
import { runPermission, runShift } from './run.ts'

/** Hands changes to a notifier, filtered by its flags, cut to its range and in its form, and counts what it handed over. */
export class Delivery {
  /** Callbacks made, the refused ones among them. */
  events = 0
  readonly failures: RefusedRun[] = []
  readonly #event: IommuEvent = new IommuEvent()
  #frames = 0
  #cut = 0

  /** Bytes handed over. */
  get bytes(): bigint {
    return addressOf(this.#frames) - BigInt(this.#cut)
  }

  reset(): void {
    this.events = 0
    this.failures.length = 0
    this.#frames = 0
    this.#cut = 0
  }

  /**
   * Calls the notifier with the part of `change` that it hears of, front and back cut to its range byte by byte (ND-3)
   * and the target advanced with the front (ND-5). In the form `entries` a change of several entries is several events.
   *
   * A refusal ends the delivery of this change when `stopAtRefusal` is set; else the rest of it follows.
   */
  deliver(notifier: Notifier, change: IommuEvent, form: NotifierForm, stopAtRefusal: boolean): void {
    if ((notifier.flags & flagOf(change.type)) === 0) return
    let { frame, head, tail } = change
    let last = frame + change.frames - 1
    if (frame < notifier.firstFrame || (frame === notifier.firstFrame && head < notifier.head)) {
      frame = notifier.firstFrame
      head = notifier.head
    }
    if (last > notifier.lastFrame || (last === notifier.lastFrame && tail < notifier.tail)) {
      last = notifier.lastFrame
      tail = notifier.tail
    }
    if (frame > last || (frame === last && head + tail >= PAGE_SIZE)) return
    const event = this.#event
    event.type = change.type
    event.permission = change.permission
    event.shift = change.shift
    event.index = change.index
    event.head = head
    this.#cut += head + tail
    this.#frames += last - frame + 1

    const isMap = change.type === 'map'
    const target = isMap ? change.target + (frame - change.frame) : 0
    if (!isMap || form === 'runs') {
      event.tail = tail
      this.#call(notifier, frame, last, target)
      return
    }
    this.#deliverEntries(notifier, frame, last, target, tail, stopAtRefusal)
  }

  /**
   * As {@link deliver} in the form `runs`, of a map that lies inside the notifier's range and so is told as it is: the way
   * of nearly every run of a large replay. `meta` is the run's last lane.
   */
  deliverWhole(notifier: Notifier, frame: number, frames: number, target: number, meta: number): void {
    const event = this.#event
    event.type = 'map'
    event.permission = runPermission(meta)
    event.shift = runShift(meta)
    event.index = notifier.index
    event.head = 0
    event.tail = 0
    this.#frames += frames
    this.#call(notifier, frame, frame + frames - 1, target)
  }

  #deliverEntries(
    notifier: Notifier,
    first: number,
    last: number,
    target: number,
    tail: number,
    stopAtRefusal: boolean,
  ): void {
    const event = this.#event
    const size = framesOfShift(event.shift)
    const offset = target - first
    let end = entryStart(first, event.shift) + size - 1
    let frame = first
    event.tail = 0
    while (end < last) {
      const accepted = this.#call(notifier, frame, end, frame + offset)
      if (!accepted && stopAtRefusal) return
      event.head = 0
      frame = end + 1
      end += size
    }
    event.tail = tail
    this.#call(notifier, frame, last, frame + offset)
  }

  #call(notifier: Notifier, first: number, last: number, target: number): boolean {
    const event = this.#event
    event.frame = first
    event.frames = last - first + 1
    event.target = target
    this.events++
    const refusal = notifier.notify(event)
    if (refusal === undefined) return true
    for (const run of refusal) this.failures.push(run)
    return false
  }
}
