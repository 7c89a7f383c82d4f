import { HostbridgeError } from '@hostbridge/core'
import { type ConfigField, maskOf } from './config-field.ts'
import { ABSENT, CONFIG_SIZE, type EXPRESS_CONFIG_SIZE, HEADER_SIZE } from './spec/header.ts'

/** Why bytes may have changed: a guest's write, a reset, or a restore. */
export type ConfigCause = 'write' | 'reset' | 'restore'

/** Is called when a write has changed the bytes that it watches, or written the same again, and after a reset and a restore. */
export type ConfigWatcher = (config: ConfigSpace, cause: ConfigCause) => void

/** What a configuration space holds, for {@link ConfigSpace.restore}. */
export interface SavedConfig {
  readonly bytes: Uint8Array
}

/** Bytes that another configuration space has. */
interface Forwarded {
  readonly first: number
  readonly last: number
  readonly to: ConfigSpace
}

interface Watch {
  readonly first: number
  readonly last: number
  readonly written: ConfigWatcher
}

/**
 * The configuration space of a function: little-endian bytes, of which a write changes those bits that can be written.
 *
 * Bytes behind the header that belong to no capability are plain storage up to 0xff (the recordings of reference/spapr show it).
 * The device behind it reads and sets fields by name; the guest's accesses come through {@link read} and {@link write}, which
 * throw for nothing that a guest does.
 */
export class ConfigSpace {
  /** Bytes, 256 or 4096. */
  readonly size: number
  readonly #bytes: Uint8Array
  readonly #view: DataView
  /** Bits that a write changes. */
  readonly #writable: Uint8Array
  /** Bits that a write of 1 clears. */
  readonly #clearable: Uint8Array
  /** The bytes after a reset, for those bits that a reset changes. */
  readonly #initial: Uint8Array
  /** Bits that a reset brings back; plain storage keeps what it has. */
  readonly #resettable: Uint8Array
  readonly #watches: Watch[] = []
  readonly #forwarded: Forwarded[] = []

  constructor(size: typeof CONFIG_SIZE | typeof EXPRESS_CONFIG_SIZE = CONFIG_SIZE) {
    this.size = size
    this.#bytes = new Uint8Array(size)
    this.#view = new DataView(this.#bytes.buffer)
    this.#writable = new Uint8Array(size).fill(0xff, HEADER_SIZE, CONFIG_SIZE)
    this.#clearable = new Uint8Array(size)
    this.#initial = new Uint8Array(size)
    this.#resettable = new Uint8Array(size)
  }

  /** What a guest reads: `size` bytes (1, 2 or 4) as a number; all ones where they do not lie inside. */
  read(offset: number, size: number): number {
    if (this.#forwarded.length > 0) {
      const to = this.#forwardedTo(offset)
      if (to !== undefined) return to.read(offset, size)
    }
    const view = this.#view
    if (offset + size > this.size) return size === 4 ? ABSENT : ABSENT >>> (32 - size * 8)
    if (size === 4) return view.getUint32(offset, true)
    return size === 2 ? view.getUint16(offset, true) : view.getUint8(offset)
  }

  /** What a guest writes: changes the bits that can be written, clears those that a 1 clears, then tells the watchers. */
  write(offset: number, size: number, value: number): void {
    if (offset + size > this.size) return
    const to = this.#forwardedTo(offset)
    if (to !== undefined) {
      to.write(offset, size, value)
      return
    }
    for (let i = 0; i < size; i++) {
      const at = offset + i
      const byte = (value >>> (8 * i)) & 0xff
      const old = this.#bytes[at] as number
      const writable = this.#writable[at] as number
      const clearable = this.#clearable[at] as number
      this.#bytes[at] = ((old & ~writable) | (byte & writable)) & ~(byte & clearable)
    }
    const last = offset + size - 1
    for (const watch of this.#watches) {
      if (watch.first <= last && offset <= watch.last) watch.written(this, 'write')
    }
  }

  /** Lets another space answer a guest's accesses that begin in `length` bytes from `offset` on: those bytes are that one's alone. */
  forward(offset: number, length: number, to: ConfigSpace): void {
    this.#forwarded.push({ first: offset, last: offset + length - 1, to })
  }

  /** The value of a field. */
  get(field: ConfigField): number {
    return (this.#register(field) & maskOf(field)) >>> (field.low ?? 0)
  }

  /** Sets a field, whoever may write it; tells no watcher. */
  set(field: ConfigField, value: number): void {
    const mask = maskOf(field)
    const register = ((this.#register(field) & ~mask) | ((value << (field.low ?? 0)) & mask)) >>> 0
    for (let i = 0; i < field.size; i++) this.#bytes[field.offset + i] = register >>> (8 * i)
  }

  /**
   * Gives a field its value after a reset, and says which of its bits a guest can write (`writable`) and which a guest clears
   * by writing 1 (`clearable`). Both count from the field's lowest bit; what is in neither is read-only.
   */
  define(field: ConfigField, value: number, access: { writable?: number; clearable?: number } = {}): void {
    this.set(field, value)
    const register = this.#register(field)
    const writable = (((access.writable ?? 0) << (field.low ?? 0)) & maskOf(field)) >>> 0
    const clearable = (((access.clearable ?? 0) << (field.low ?? 0)) & maskOf(field)) >>> 0
    const mask = maskOf(field)
    for (let i = 0; i < field.size; i++) {
      const at = field.offset + i
      const bits = mask >>> (8 * i)
      this.#writable[at] = ((this.#writable[at] as number) & ~bits) | (writable >>> (8 * i))
      this.#clearable[at] = ((this.#clearable[at] as number) & ~bits) | (clearable >>> (8 * i))
      this.#initial[at] = ((this.#initial[at] as number) & ~bits) | ((register >>> (8 * i)) & bits)
      this.#resettable[at] = (this.#resettable[at] as number) | bits
    }
  }

  /** Makes `length` bytes read-only zeros, as the space of a capability is before its fields are defined. */
  claim(offset: number, length: number): void {
    if (offset + length > this.size) {
      throw new HostbridgeError(
        'pci.config-range',
        `0x${offset.toString(16)} to 0x${(offset + length - 1).toString(16)} do not lie in a configuration space of ${this.size} bytes: ` +
          'take a lower offset, or make the function a PCI Express one',
        { offset, length, size: this.size },
      )
    }
    for (const bytes of [this.#bytes, this.#writable, this.#clearable, this.#initial]) {
      bytes.fill(0, offset, offset + length)
    }
    this.#resettable.fill(0xff, offset, offset + length)
  }

  /** Calls `written` after every write of a guest that meets one of `length` bytes from `offset` on. */
  watch(offset: number, length: number, written: ConfigWatcher): void {
    this.#watches.push({ first: offset, last: offset + length - 1, written })
  }

  /** Brings the defined fields back to their values; plain storage keeps what a guest has written. Tells the watchers. */
  reset(): void {
    for (let at = 0; at < this.size; at++) {
      const bits = this.#resettable[at] as number
      this.#bytes[at] = ((this.#bytes[at] as number) & ~bits) | ((this.#initial[at] as number) & bits)
    }
    this.#tellAll('reset')
  }

  save(): SavedConfig {
    return { bytes: this.#bytes.slice() }
  }

  /** Takes up saved bytes and tells the watchers. @throws HostbridgeError `pci.state` for a space of another size. */
  restore(saved: SavedConfig): void {
    if (saved.bytes.length !== this.size) {
      throw new HostbridgeError(
        'pci.state',
        `the saved configuration space has ${saved.bytes.length} bytes and this one ${this.size}: restore into the same kind of function`,
        { saved: saved.bytes.length, size: this.size },
      )
    }
    this.#bytes.set(saved.bytes)
    this.#tellAll('restore')
  }

  #tellAll(cause: ConfigCause): void {
    for (const { written } of this.#watches) written(this, cause)
  }

  #forwardedTo(offset: number): ConfigSpace | undefined {
    for (const { first, last, to } of this.#forwarded) if (offset >= first && offset <= last) return to
    return undefined
  }

  #register({ offset, size }: ConfigField): number {
    let value = 0
    for (let i = size - 1; i >= 0; i--) value = value * 256 + (this.#bytes[offset + i] as number)
    return value
  }
}
