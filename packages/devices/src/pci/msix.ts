import { HostbridgeError } from '@hostbridge/core'
import { type MemoryRegion, mmio } from '@hostbridge/core/memory'
import { type ConfigField, fieldAt } from './config-field.ts'
import type { MessagePort } from './message-port.ts'
import { CapabilityId, MSIX_SIZE, MSIX_VECTORS, Msix, MsixEntry } from './spec/capabilities.ts'

export interface MsixOptions {
  /** 1 to 2048. */
  readonly vectors: number
  /** The region of a BAR, which table and pending bits become part of. */
  readonly within: MemoryRegion
  /** The index of that BAR. */
  readonly bar: number
  /** Offset of the table in the BAR; 0 unless told. */
  readonly tableOffset?: number
  /** Offset of the pending bits; behind the table unless told. */
  readonly pendingOffset?: number
  /** Where the capability lies; the first free place unless told. */
  readonly offset?: number
}

/** What {@link MsixCapability.restore} needs; the rest is in configuration space. */
export interface SavedMsix {
  readonly table: Uint8Array
  readonly pending: Uint8Array
}

const PENDING_UNIT = 8

/** The MSI-X capability of a function (PCI Local Bus 3.0, section 6.8.2): a table of messages, and bits for those that wait. */
export class MsixCapability {
  readonly offset: number
  readonly vectors: number
  readonly #port: MessagePort
  readonly #table: DataView
  readonly #pending: Uint8Array

  /** @throws HostbridgeError `pci.msix-vectors`, `pci.msix-place`, or what the capability list throws. */
  constructor(port: MessagePort, options: MsixOptions) {
    const { vectors, within, bar, tableOffset = 0 } = options
    const tableSize = vectors * MsixEntry.size
    const pendingSize = Math.ceil(vectors / 64) * PENDING_UNIT
    const pendingOffset = options.pendingOffset ?? tableOffset + tableSize
    check(port.name, options, tableOffset + tableSize, pendingOffset, pendingSize)
    this.#port = port
    this.vectors = vectors
    this.#table = new DataView(new ArrayBuffer(tableSize))
    this.#pending = new Uint8Array(pendingSize)
    this.offset = port.capabilities.add(CapabilityId.msix, MSIX_SIZE, options.offset)
    const at = (of: ConfigField): ConfigField => fieldAt(of, this.offset)
    port.config.define(at(Msix.control), vectors - 1, { writable: 0xc000 })
    port.config.define(at(Msix.table), tableOffset | bar)
    port.config.define(at(Msix.pending), pendingOffset | bar)
    within.add(this.#tableRegion(tableSize), BigInt(tableOffset))
    within.add(this.#pendingRegion(pendingSize), BigInt(pendingOffset))
    port.config.watch(this.offset, MSIX_SIZE, () => this.#flush())
    this.reset()
  }

  /** Whether the guest has switched it on; then the function's pin is silent. */
  get enabled(): boolean {
    return this.#get(Msix.enable) === 1
  }

  /** Whether a signal of this vector would wait. */
  masked(vector: number): boolean {
    const control = this.#table.getUint32(vector * MsixEntry.size + MsixEntry.control, true)
    return this.#get(Msix.functionMask) === 1 || (control & MsixEntry.masked) !== 0
  }

  /** Whether a signal of this vector waits. */
  waiting(vector: number): boolean {
    return (((this.#pending[vector >>> 3] as number) >>> (vector & 7)) & 1) === 1
  }

  /** Signals a vector; a masked one is pending until it is unmasked. Without {@link enabled}, or beyond the table, nothing happens. */
  signal(vector: number): void {
    if (!this.enabled || vector >= this.vectors) return
    if (this.masked(vector)) this.#setWaiting(vector, true)
    else this.#send(vector)
  }

  /** Sets the message of a vector as firmware does that programs the function for its guest, and unmasks it. */
  setMessage(vector: number, address: bigint, data: number): void {
    const at = vector * MsixEntry.size
    this.#table.setUint32(at + MsixEntry.address, Number(address & 0xffff_ffffn), true)
    this.#table.setUint32(at + MsixEntry.addressUpper, Number(address >> 32n), true)
    this.#table.setUint32(at + MsixEntry.data, data, true)
    this.#table.setUint32(at + MsixEntry.control, 0, true)
    this.#flushOne(vector)
  }

  /** Forgets the message of a vector, masks it, and forgets that it waits, as after a reset. */
  clearMessage(vector: number): void {
    const at = vector * MsixEntry.size
    for (let byte = 0; byte < MsixEntry.size; byte += 4) this.#table.setUint32(at + byte, 0, true)
    this.#table.setUint32(at + MsixEntry.control, MsixEntry.masked, true)
    this.#setWaiting(vector, false)
  }

  /** Masks all vectors and forgets what waits. */
  reset(): void {
    new Uint8Array(this.#table.buffer).fill(0)
    for (let vector = 0; vector < this.vectors; vector++) {
      this.#table.setUint32(vector * MsixEntry.size + MsixEntry.control, MsixEntry.masked, true)
    }
    this.#pending.fill(0)
  }

  save(): SavedMsix {
    return { table: new Uint8Array(this.#table.buffer.slice(0)), pending: this.#pending.slice() }
  }

  /** Takes up saved tables of the same size. */
  restore(saved: SavedMsix): void {
    new Uint8Array(this.#table.buffer).set(saved.table)
    this.#pending.set(saved.pending)
  }

  #tableRegion(size: number): MemoryRegion {
    return mmio(`${this.#port.name} msix-table`, BigInt(size), {
      valid: { min: 4, max: 8 },
      impl: { min: 4, max: 4 },
      read: (offset) => (offset + 4 <= size ? this.#table.getUint32(offset, true) : 0),
      write: (offset, value) => {
        if (offset + 4 > size) return
        this.#table.setUint32(offset, value, true)
        this.#flushOne(Math.floor(offset / MsixEntry.size))
      },
    })
  }

  #pendingRegion(size: number): MemoryRegion {
    const words = new DataView(this.#pending.buffer)
    return mmio(`${this.#port.name} msix-pending`, BigInt(size), {
      valid: { min: 4, max: 8 },
      impl: { min: 4, max: 4 },
      read: (offset) => (offset + 4 <= size ? words.getUint32(offset, true) : 0),
      write: () => undefined,
    })
  }

  #flush(): void {
    for (let vector = 0; vector < this.vectors; vector++) this.#flushOne(vector)
  }

  #flushOne(vector: number): void {
    if (!this.waiting(vector) || !this.enabled || this.masked(vector)) return
    this.#setWaiting(vector, false)
    this.#send(vector)
  }

  #send(vector: number): void {
    const at = vector * MsixEntry.size
    const upper = this.#table.getUint32(at + MsixEntry.addressUpper, true)
    const lower = this.#table.getUint32(at + MsixEntry.address, true)
    this.#port.message((BigInt(upper) << 32n) | BigInt(lower), this.#table.getUint32(at + MsixEntry.data, true))
  }

  #setWaiting(vector: number, waiting: boolean): void {
    const bit = 1 << (vector & 7)
    const byte = this.#pending[vector >>> 3] as number
    this.#pending[vector >>> 3] = waiting ? byte | bit : byte & ~bit
  }

  #get(of: ConfigField): number {
    return this.#port.config.get(fieldAt(of, this.offset))
  }
}

function check(name: string, options: MsixOptions, tableEnd: number, pendingOffset: number, pendingSize: number): void {
  const { vectors, within, bar, tableOffset = 0 } = options
  if (!Number.isInteger(vectors) || vectors < 1 || vectors > MSIX_VECTORS) {
    throw new HostbridgeError(
      'pci.msix-vectors',
      `'${name}' cannot have ${vectors} MSI-X vectors: 1 to ${MSIX_VECTORS}`,
      { device: name, vectors },
    )
  }
  const apart = tableEnd <= pendingOffset || pendingOffset + pendingSize <= tableOffset
  const aligned = tableOffset % 8 === 0 && pendingOffset % 8 === 0
  const end = BigInt(Math.max(tableEnd, pendingOffset + pendingSize))
  if (apart && aligned && end <= within.size) return
  throw new HostbridgeError(
    'pci.msix-place',
    `the MSI-X table of '${name}' at 0x${tableOffset.toString(16)} and its pending bits at 0x${pendingOffset.toString(16)} do not fit ` +
      `beside each other into '${within.name}' of BAR ${bar}: put them at multiples of 8, apart, inside 0x${within.size.toString(16)} bytes`,
    { device: name, tableOffset, pendingOffset, region: within.name },
  )
}
