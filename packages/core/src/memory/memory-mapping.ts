import { hex } from '../address/range.ts'
import { HostbridgeError } from '../errors.ts'
import type { AddressSpace } from './address-space.ts'
import { type DirectRun, markWritten, placeIn } from './direct-run.ts'
import type { RegionReference } from './region-reference.ts'

/** What is behind a mapping: memory itself, or a buffer that stands for it. */
export type MappedBytes = { readonly run: DirectRun } | { readonly buffer: Uint8Array }

/**
 * A part of an address space that somebody reads or writes in place of making accesses, until it is unmapped (section 2.6).
 *
 * A direct mapping is memory itself; it stays so even if an IOMMU or the map is changed meanwhile (BB-2). Otherwise it is a
 * buffer, which is filled when it is mapped to be read, and written when it is unmapped after having been mapped to be written (BB-4).
 */
export class MemoryMapping {
  readonly space: AddressSpace
  readonly address: bigint
  /** Bytes; may be fewer than were asked for (BB-3). */
  readonly length: number
  /** Mapped to be written; else to be read. */
  readonly writable: boolean
  readonly #bytes: MappedBytes
  readonly #hold: RegionReference | undefined
  #mapped = true

  /** Made by {@link AddressSpace.map}. */
  constructor(
    space: AddressSpace,
    address: bigint,
    length: number,
    writable: boolean,
    bytes: MappedBytes,
    hold?: RegionReference,
  ) {
    this.space = space
    this.address = address
    this.length = length
    this.writable = writable
    this.#bytes = bytes
    this.#hold = hold
  }

  /** Whether this is memory itself, not a buffer. */
  get direct(): boolean {
    return 'run' in this.#bytes
  }

  /** Whether it has not been unmapped. */
  get mapped(): boolean {
    return this.#mapped
  }

  /**
   * The bytes from `offset` on, in place, as many as lie side by side; memory is cut into chunks of 64 KiB that may lie apart. Empty
   * where the host has no memory for them. It is not to be used after unmapping.
   */
  piece(offset = 0): Uint8Array {
    this.#check(offset, 0)
    const bytes = this.#bytes
    if ('buffer' in bytes) return bytes.buffer.subarray(offset)
    const place = placeIn(bytes.run, offset)
    return bytes.run.memory.viewAt(place.frame, place.offset, this.length - offset)
  }

  /** Copies `into.length` bytes from `offset` on. @throws HostbridgeError `memory.mapping` past the end, or after unmapping. */
  read(offset: number, into: Uint8Array): void {
    this.#check(offset, into.length)
    const bytes = this.#bytes
    if ('buffer' in bytes) {
      into.set(bytes.buffer.subarray(offset, offset + into.length))
    } else {
      const place = placeIn(bytes.run, offset)
      bytes.run.memory.readAt(place.frame, place.offset, into, 0, into.length)
    }
  }

  /** Copies `from` to `offset`; false where the host has no memory for it. @throws HostbridgeError `memory.mapping` as {@link read}, or not writable. */
  write(offset: number, from: Uint8Array): boolean {
    this.#check(offset, from.length)
    if (!this.writable) throw this.#wrong('is mapped to be read: map it to be written')
    const bytes = this.#bytes
    if ('buffer' in bytes) {
      bytes.buffer.set(from, offset)
      return true
    }
    const place = placeIn(bytes.run, offset)
    return bytes.run.memory.writeAt(place.frame, place.offset, from, 0, from.length)
  }

  /** Ends the mapping; `accessed` bytes from its beginning on have been used. As {@link AddressSpace.unmap}. */
  unmap(accessed: number = this.length): void {
    this.space.unmap(this, accessed)
  }

  /** Unmaps, unless that has been done. */
  [Symbol.dispose](): void {
    if (this.#mapped) this.unmap()
  }

  /** Ends it; only its address space does this, with `accessed` checked. Writes the buffer back, if there is one. */
  close(accessed: number): void {
    this.#check(0, accessed)
    this.#mapped = false
    const bytes = this.#bytes
    try {
      if ('run' in bytes) {
        if (this.writable) markWritten(bytes.run, 0, accessed)
      } else if (this.writable) {
        this.space.write(this.address, bytes.buffer.subarray(0, accessed))
      }
    } finally {
      this.#hold?.release()
    }
  }

  #check(offset: number, length: number): void {
    if (!this.#mapped) throw this.#wrong('is not mapped any more')
    const inside =
      Number.isSafeInteger(offset) &&
      offset >= 0 &&
      Number.isSafeInteger(length) &&
      length >= 0 &&
      offset + length <= this.length
    if (!inside) throw this.#wrong(`has ${this.length} bytes: ${length} at ${offset} are not in it`)
  }

  #wrong(why: string): HostbridgeError {
    return new HostbridgeError('memory.mapping', `the mapping at ${hex(this.address)} of '${this.space.name}' ${why}`, {
      space: this.space.name,
      address: this.address,
      length: this.length,
    })
  }
}
