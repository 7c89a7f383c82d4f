import { formatRange, PAGE_SIZE, type Range, splitAddress, WHOLE_SPACE } from '../address/index.ts'
import { HostbridgeError } from '../errors.ts'
import type { Refusal } from '../memory/listener.ts'
import type { IommuEvent, IommuEventType } from './event.ts'

/** What a notifier wants to hear of; the bits are QEMU's. */
export const NotifierFlag = { none: 0, unmap: 1, map: 2, devIotlbUnmap: 4 } as const

/** The flag that a notifier needs to hear of such an event. */
export function flagOf(type: IommuEventType): number {
  if (type === 'map') return NotifierFlag.map
  return type === 'unmap' ? NotifierFlag.unmap : NotifierFlag.devIotlbUnmap
}

/** Whether mappings arrive entry by entry, as the table has them, or neighbours merged into runs. */
export type NotifierForm = 'entries' | 'runs'

export interface NotifierOptions {
  /** For messages. */
  readonly name?: string
  /** A union of {@link NotifierFlag} bits, not `none`. */
  readonly flags: number
  /**
   * What to hear of, in bytes relative to the IOMMU region; the whole space unless told. It may end beyond the region:
   * one that covers everything ends at 2^64 - 1 whatever the region's size (NR-3).
   */
  readonly range?: Range
  readonly form?: NotifierForm
  /** Which of the IOMMU's translations to hear of; 0 unless told. */
  readonly index?: number
  /**
   * Is called with each event, cut to the range. A refusal with at least one run means: nothing of this event is in
   * place here.
   */
  notify(event: IommuEvent): Refusal | undefined
}

/** Somebody who follows the mappings of an IOMMU: it hears of changes once registered, and of what exists by replay. */
export class Notifier {
  readonly name: string
  readonly flags: number
  readonly range: Range
  readonly form: NotifierForm
  readonly index: number
  /** The range as page frames, with the bytes of the first and of the last page that are outside. */
  readonly firstFrame: number
  readonly lastFrame: number
  readonly head: number
  readonly tail: number
  readonly #options: NotifierOptions

  /** @throws HostbridgeError `iommu.notifier` without a flag, or with a range that ends before it begins (NR-2). */
  constructor(options: NotifierOptions) {
    this.name = options.name ?? 'notifier'
    this.flags = options.flags
    this.range = options.range ?? WHOLE_SPACE
    this.form = options.form ?? 'entries'
    this.index = options.index ?? 0
    this.#options = options
    const { start, last } = this.range
    if (this.flags < 1 || this.flags > 7 || start < 0n || last > WHOLE_SPACE.last || start > last) {
      throw new HostbridgeError(
        'iommu.notifier',
        `notifier '${this.name}' of flags ${this.flags} over ${formatRange(this.range)} can hear nothing: ` +
          'give it at least one flag, and a range that does not end before it begins',
        { name: this.name, flags: this.flags, start, last },
      )
    }
    const first = splitAddress(start)
    const end = splitAddress(last)
    this.firstFrame = first.frame
    this.head = first.offset
    this.lastFrame = end.frame
    this.tail = PAGE_SIZE - 1 - end.offset
  }

  /** Calls back with an event that is already cut to the range. */
  notify(event: IommuEvent): Refusal | undefined {
    const refusal = this.#options.notify(event)
    return refusal === undefined || refusal.length === 0 ? undefined : refusal
  }
}
