import { hex } from '../address/range.ts'
import { HostbridgeError } from '../errors.ts'
import type { EventNotifier } from './event-notifier.ts'
import type { MemoryRegion } from './memory-region.ts'
import { hooksOf, portOf } from './region-hooks.ts'

/** A write that signals a notifier in place of calling a region's callback (QEMU `MemoryRegionIoeventfd`). */
export interface EventfdOptions {
  /** Where in the region the write begins. */
  readonly offset: number
  /** Bytes of the write; 0 is any size, whatever is written. */
  readonly size: 0 | 1 | 2 | 4 | 8
  /** What must be written, as the guest's CPU writes it; without it anything. */
  readonly data?: bigint
  readonly notifier: EventNotifier
}

/** An eventfd as it is kept: what the device would be given is in `data` (EF-1). */
export interface Eventfd {
  readonly offset: number
  readonly size: number
  readonly data: bigint | undefined
  readonly notifier: EventNotifier
}

/** With what was asked for, and the words of its data, at hand. */
interface StoredEventfd extends Eventfd {
  readonly given: EventfdOptions
  readonly low: number
  readonly high: number
}

/** What orders eventfds at the same place (LC-8). */
export function compareEventfds(a: Omit<Eventfd, 'offset'>, b: Omit<Eventfd, 'offset'>): number {
  if (a.size !== b.size) return a.size - b.size
  if (a.data !== b.data) {
    if (a.data === undefined) return -1
    if (b.data === undefined) return 1
    return a.data < b.data ? -1 : 1
  }
  return a.notifier.order - b.notifier.order
}

/** The eventfds of one region, in the order in which they are looked at (EF-3). */
export class EventfdList {
  readonly #region: MemoryRegion
  #entries: StoredEventfd[] = []

  constructor(region: MemoryRegion) {
    this.#region = region
  }

  /** Ascending by offset, size, without data before with, data, notifier. */
  get entries(): readonly Eventfd[] {
    return this.#entries
  }

  /** Lets a write signal a notifier; listeners of every space that shows the place are told when the transaction ends. */
  add(options: EventfdOptions): void {
    const added = this.#stored(options)
    const behind = this.#entries.findIndex((entry) => compare(added, entry) < 0)
    this.#change(() => this.#entries.splice(behind < 0 ? this.#entries.length : behind, 0, added))
  }

  /**
   * Takes out the first eventfd that is equal: same place and either size 0, or everything the same (EF-5).
   *
   * @throws HostbridgeError `memory.eventfd` where there is none.
   */
  remove(options: EventfdOptions): void {
    const wanted = this.#stored(options)
    const index = this.#entries.findIndex(
      (entry) =>
        entry.offset === wanted.offset &&
        (entry.size === 0 || wanted.size === 0 || compareEventfds(entry, wanted) === 0),
    )
    if (index < 0) throw this.#wrong(options, 'there is none like it')
    this.#change(() => this.#entries.splice(index, 1))
  }

  /**
   * Signals the first eventfd that matches a write, and only that one (EF-2, EF-3); false where none does. The value comes as two
   * words of 32 bits, as the device would be given it.
   */
  signal(offset: number, size: number, low: number, high: number): boolean {
    for (let i = this.#firstAt(offset); i < this.#entries.length; i++) {
      const entry = this.#entries[i] as StoredEventfd
      if (entry.offset !== offset) return false
      if (entry.size === 0 || (entry.size === size && isWritten(entry, low, high))) {
        entry.notifier.signal()
        return true
      }
    }
    return false
  }

  /** The region has come to a system, which says what order the guest's CPU has (EF-1). */
  settleOrder(): void {
    this.#entries = this.#entries.map(({ given }) => this.#stored(given)).sort(compare)
  }

  /** The index of the first entry at an offset or behind it. */
  #firstAt(offset: number): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#entries[middle] as Eventfd).offset < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  #stored(options: EventfdOptions): StoredEventfd {
    const { offset, size, data, notifier } = options
    if (!Number.isSafeInteger(offset) || offset < 0) throw this.#wrong(options, 'an offset is an integer of 0 or more')
    if (![0, 1, 2, 4, 8].includes(size)) throw this.#wrong(options, 'a size is 0, 1, 2, 4 or 8')
    if (data === undefined) return { offset, size, data, notifier, given: options, low: 0, high: 0 }
    if (typeof data !== 'bigint') throw this.#wrong(options, `its data is a bigint, not the ${typeof data} ${data}`)
    if (BigInt.asUintN(8 * (size || 8), data) !== data) throw this.#wrong(options, `${hex(data)} does not fit`)
    const value = this.#isSwapped() ? swapped(data, size) : data
    return {
      offset,
      size,
      data: value,
      notifier,
      given: options,
      low: Number(value & 0xffffffffn),
      high: Number(value >> 32n),
    }
  }

  /** Whether the registers' byte order is not that of the guest's CPU, which counts as little-endian before the region belongs to a system. */
  #isSwapped(): boolean {
    const endianness = portOf(this.#region)?.ops.endianness ?? 'little'
    return endianness !== 'native' && endianness !== (this.#region.system?.endianness ?? 'little')
  }

  #change(apply: () => void): void {
    const hooks = hooksOf(this.#region)
    if (hooks !== undefined) hooks.eventfds = this
    const { system } = this.#region
    if (system === undefined) {
      apply()
      return
    }
    system.begin()
    apply()
    // A region that is hidden may be shown again before the transaction ends.
    system.eventfdsChanged()
    system.commit()
  }

  #wrong({ offset, size, notifier }: EventfdOptions, why: string): HostbridgeError {
    return new HostbridgeError(
      'memory.eventfd',
      `no eventfd '${notifier.name}' of ${size} bytes at ${offset} of '${this.#region.name}': ${why}`,
      { region: this.#region.name, offset, size, notifier: notifier.name },
    )
  }
}

function compare(a: Eventfd, b: Eventfd): number {
  return a.offset - b.offset || compareEventfds(a, b)
}

function isWritten({ data, low, high }: StoredEventfd, lowWritten: number, highWritten: number): boolean {
  return data === undefined || (low === lowWritten && high === highWritten)
}

/** The same bytes in the opposite order; data of any size stays as it is. */
function swapped(data: bigint, size: number): bigint {
  if (size === 0) return data
  let value = 0n
  for (let i = 0; i < size; i++) value = (value << 8n) | ((data >> BigInt(8 * i)) & 0xffn)
  return value
}
