import { HostbridgeError } from '@hostbridge/core'
import { type ConfigField, fieldAt } from './config-field.ts'
import type { MessagePort } from './message-port.ts'
import { CapabilityId, MSI_VECTORS, Msi } from './spec/capabilities.ts'

export interface MsiOptions {
  /** A power of two up to 32; 1 unless told. */
  readonly vectors?: number
  /** Whether messages may go above 4 GiB; they may unless told. */
  readonly wide?: boolean
  /** Whether each vector can be masked; false unless told. */
  readonly maskable?: boolean
  /** Where the capability lies; the first free place unless told. */
  readonly offset?: number
}

/** The registers whose place depends on the width of the address. */
interface Registers {
  readonly data: ConfigField
  readonly mask: ConfigField
  readonly pending: ConfigField
}

/** The MSI capability of a function (PCI Local Bus 3.0, section 6.8.1): interrupts that are stores of 32 bits to memory (PC-2). */
export class MsiCapability {
  readonly offset: number
  /** Vectors that the function can use. */
  readonly vectors: number
  readonly #port: MessagePort
  readonly #wide: boolean
  readonly #maskable: boolean
  readonly #registers: Registers

  /** @throws HostbridgeError `pci.msi-vectors`, or what the capability list throws. */
  constructor(port: MessagePort, options: MsiOptions = {}) {
    const { vectors = 1, wide = true, maskable = false } = options
    checkVectors(port.name, vectors)
    this.#port = port
    this.vectors = vectors
    this.#wide = wide
    this.#maskable = maskable
    const length = (wide ? 14 : 10) + (maskable ? 10 : 0)
    this.offset = port.capabilities.add(CapabilityId.msi, length, options.offset)
    const data = this.offset + (wide ? 12 : 8)
    this.#registers = {
      data: { offset: data, size: 2 },
      mask: { offset: data + 4, size: 4 },
      pending: { offset: data + 8, size: 4 },
    }
    this.#define()
    port.config.watch(this.offset, length, () => this.#written())
  }

  /** Whether the guest has switched it on; then the function's pin is silent. */
  get enabled(): boolean {
    return this.#get(Msi.enable) === 1
  }

  /** Vectors that the guest lets the function use. */
  get allocated(): number {
    return 2 ** this.#get(Msi.enabledCount)
  }

  /**
   * Signals a vector: of those beyond what is allocated the number wraps. A masked one is pending until it is unmasked; without
   * {@link enabled} nothing happens.
   */
  signal(vector: number): void {
    if (!this.enabled) return
    const number = vector % this.allocated
    const { mask, pending } = this.#registers
    if (this.#maskable && ((this.#port.config.get(mask) >>> number) & 1) === 1) {
      this.#port.config.set(pending, this.#port.config.get(pending) | (1 << number))
      return
    }
    this.#send(number)
  }

  /** Sets address and data as firmware does that programs the function for its guest; enables nothing. */
  setMessage(address: bigint, data: number): void {
    const { config } = this.#port
    config.set(fieldAt(Msi.address, this.offset), Number(address & 0xffff_fffcn))
    if (this.#wide) config.set(fieldAt(Msi.addressUpper, this.offset), Number(address >> 32n))
    config.set(this.#registers.data, data)
  }

  #send(number: number): void {
    const upper = this.#wide ? this.#get(Msi.addressUpper) : 0
    const address = (BigInt(upper) << 32n) | BigInt(this.#get(Msi.address))
    const data = this.#port.config.get(this.#registers.data)
    this.#port.message(address, ((data & ~(this.allocated - 1)) | number) >>> 0)
  }

  #define(): void {
    const { config } = this.#port
    const at = (of: ConfigField): ConfigField => fieldAt(of, this.offset)
    const log = Math.log2(this.vectors)
    const fixed = (log << 1) | (this.#wide ? 0x80 : 0) | (this.#maskable ? 0x100 : 0)
    config.define(at(Msi.control), fixed, { writable: 0x71 })
    config.define(at(Msi.address), 0, { writable: 0xffff_fffc })
    if (this.#wide) config.define(at(Msi.addressUpper), 0, { writable: 0xffff_ffff })
    config.define(this.#registers.data, 0, { writable: 0xffff })
    if (!this.#maskable) return
    const all = this.vectors === 32 ? 0xffff_ffff : 2 ** this.vectors - 1
    config.define(this.#registers.mask, 0, { writable: all })
    config.define(this.#registers.pending, 0)
  }

  /** A count above what the function has becomes all that it has, once MSI is on; what is no longer masked is sent. */
  #written(): void {
    const { config } = this.#port
    if (!this.enabled) return
    const most = Math.log2(this.vectors)
    if (this.#get(Msi.enabledCount) > most) config.set(fieldAt(Msi.enabledCount, this.offset), most)
    if (!this.#maskable) return
    const { mask, pending } = this.#registers
    const due = config.get(pending) & ~config.get(mask)
    for (let number = 0; number < this.vectors; number++) {
      if (((due >>> number) & 1) === 0) continue
      config.set(pending, config.get(pending) & ~(1 << number))
      this.#send(number)
    }
  }

  #get(of: ConfigField): number {
    return this.#port.config.get(fieldAt(of, this.offset))
  }
}

function checkVectors(name: string, vectors: number): void {
  if (Number.isInteger(Math.log2(vectors)) && vectors >= 1 && vectors <= MSI_VECTORS) return
  throw new HostbridgeError(
    'pci.msi-vectors',
    `'${name}' cannot have ${vectors} MSI vectors: a power of two from 1 to ${MSI_VECTORS}`,
    { device: name, vectors },
  )
}
