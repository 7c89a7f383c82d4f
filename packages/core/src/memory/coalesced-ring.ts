import { contains, type Range } from '../address/range.ts'
import { LAST_ADDRESS } from '../address/units.ts'
import { HostbridgeError } from '../errors.ts'
import { MemTx, type MemTxAttrs, type MemTxResult, NO_ATTRS } from './access.ts'
import type { AddressSpace } from './address-space.ts'
import type { Flushable } from './coalesced-rings.ts'
import type { FlatRange } from './flat-range.ts'
import type { MemoryListener } from './listener.ts'

/** As many writes as fit into the page that a kernel shares with its user for this purpose. */
const DEFAULT_CAPACITY = 170

/** The longest single write. */
const MOST_BYTES = 8

/** A write that was put off. */
interface KeptWrite {
  readonly address: bigint
  readonly bytes: Uint8Array
  readonly attrs: MemTxAttrs
}

/**
 * Puts off the writes of a CPU to places where that is allowed, and makes them in their order later (section 2.8).
 *
 * They are made at the beginning of a transaction, before an access to a region that flushes, and when one of the regions
 * puts nothing off any more (CM-3); a write that is not put off, because it lies elsewhere or the ring is full, is made at once.
 */
export class CoalescedRing implements MemoryListener, Flushable {
  readonly name: string
  readonly priority = 0
  readonly space: AddressSpace
  readonly capacity: number
  readonly #zones: Range[] = []
  readonly #kept: KeptWrite[] = []
  #flushing = false

  /** `capacity` is in writes of up to 8 bytes, at least 1. */
  constructor(name: string, space: AddressSpace, options: { readonly capacity?: number } = {}) {
    const { capacity = DEFAULT_CAPACITY } = options
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new HostbridgeError('memory.coalesced', `'${name}' cannot keep ${capacity} writes: give 1 or more`, {
        ring: name,
        capacity,
      })
    }
    this.name = name
    this.space = space
    this.capacity = capacity
  }

  /** Begins to keep writes. @throws HostbridgeError as {@link AddressSpace.register}. */
  attach(): void {
    this.space.register(this)
    this.space.system.coalesced.add(this)
  }

  /** Makes all writes that are kept, and keeps none any more. */
  detach(): void {
    this.flush()
    this.space.system.coalesced.remove(this)
    this.space.unregister(this)
  }

  /** Writes that are kept now. */
  get pending(): number {
    return this.#kept.length
  }

  /** Where writes are kept, in addresses of the space. */
  get zones(): readonly Range[] {
    return this.#zones
  }

  /** Writes as the space does, now or later; a write that is put off has succeeded. */
  write(address: bigint, from: Uint8Array, attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    if (!this.#keeps(address, from.length)) return this.space.write(address, from, attrs)
    this.#kept.push({ address, bytes: from.slice(), attrs })
    return MemTx.ok
  }

  flush(): void {
    if (this.#flushing) return
    this.#flushing = true
    try {
      // What callbacks let be kept meanwhile waits for the next flush, so that this one ends.
      for (let left = this.#kept.length; left > 0; left--) {
        const { address, bytes, attrs } = this.#kept.shift() as KeptWrite
        this.space.write(address, bytes, attrs)
      }
    } finally {
      this.#flushing = false
    }
  }

  coalescedAdd(_section: FlatRange, zone: Range): void {
    this.#zones.push(zone)
  }

  coalescedDel(_section: FlatRange, zone: Range): void {
    const index = this.#zones.findIndex(({ start, last }) => start === zone.start && last === zone.last)
    if (index >= 0) this.#zones.splice(index, 1)
  }

  #keeps(address: bigint, length: number): boolean {
    if (length === 0 || length > MOST_BYTES || this.#kept.length >= this.capacity) return false
    const last = address + BigInt(length) - 1n
    return last <= LAST_ADDRESS && this.#zones.some((zone) => contains(zone, address) && contains(zone, last))
  }
}
