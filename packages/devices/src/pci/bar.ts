import { HostbridgeError } from '@hostbridge/core'
import { GiB, hex } from '@hostbridge/core/address'
import type { MemoryRegion } from '@hostbridge/core/memory'
import type { ConfigSpace } from './config-space.ts'
import { ADDRESS_BITS, BarType, barField, ROM_ENABLE, SMALLEST } from './spec/bar.ts'

/** What a base address register leads to. */
export type BarKind = 'memory32' | 'memory64' | 'io' | 'rom'

export interface BarOptions {
  readonly kind: BarKind
  /** What appears at the address; its size, a power of two, is the register's. */
  readonly region: MemoryRegion
  /** Reads have no side effects, and writes may be merged. */
  readonly prefetchable?: boolean
}

const LAST_32 = 4n * GiB - 1n
const LAST_64 = 2n ** 64n - 1n

/** One base address register, or the pair of a 64-bit one, and the region that appears where it points. */
export class Bar {
  readonly kind: BarKind
  readonly region: MemoryRegion
  readonly prefetchable: boolean
  /** Offset of the register in configuration space. */
  readonly offset: number
  /** Bytes, a power of two. */
  readonly size: bigint
  readonly #config: ConfigSpace

  /** @throws HostbridgeError `pci.bar-size`. */
  constructor(config: ConfigSpace, offset: number, owner: string, options: BarOptions) {
    const { kind, region, prefetchable = false } = options
    this.#config = config
    this.offset = offset
    this.kind = kind
    this.region = region
    this.prefetchable = prefetchable
    this.size = checkSize(owner, kind, region)
    this.#define()
  }

  /** Whether it decodes I/O addresses, not memory. */
  get io(): boolean {
    return this.kind === 'io'
  }

  /** The address that the guest has written; for a ROM, without the bit that enables it. */
  get value(): bigint {
    const low = BigInt(this.#config.get(barField(this.offset)) & this.#addressBits) & LAST_32
    if (this.kind !== 'memory64') return low
    return low | (BigInt(this.#config.get(barField(this.offset + 4))) << 32n)
  }

  /** Points the register at an address, as firmware does; the region moves when the function sees it. */
  point(address: bigint): void {
    const enable = this.kind === 'rom' && address !== 0n ? ROM_ENABLE : 0
    this.#config.write(this.offset, 4, Number(address & LAST_32) | enable)
    if (this.kind === 'memory64') this.#config.write(this.offset + 4, 4, Number(address >> 32n))
  }

  /**
   * Where the region appears, if its kind of address is decoded at all; `undefined` where it does not (PC-6): at 0, unless the
   * bus allows that, past the end of its addresses, or at its very end, which is what a guest writes that asks for the size.
   */
  place(zeroAllowed: boolean): bigint | undefined {
    if (this.kind === 'rom' && (this.#config.get(barField(this.offset)) & ROM_ENABLE) === 0) return undefined
    const address = this.value
    const last = address + this.size - 1n
    if (address === 0n && !zeroAllowed) return undefined
    return last >= (this.kind === 'memory64' ? LAST_64 : LAST_32) ? undefined : address
  }

  get #addressBits(): number {
    if (this.kind === 'io') return ADDRESS_BITS.io
    return this.kind === 'rom' ? ADDRESS_BITS.rom : ADDRESS_BITS.memory
  }

  #define(): void {
    const type =
      (this.kind === 'io' ? BarType.io : 0) |
      (this.kind === 'memory64' ? BarType.memory64 : 0) |
      (this.prefetchable ? BarType.prefetchable : 0)
    const mask = ~(this.size - 1n)
    const enable = this.kind === 'rom' ? ROM_ENABLE : 0
    this.#config.define(barField(this.offset), type, { writable: Number(mask & LAST_32) | enable })
    if (this.kind === 'memory64') {
      this.#config.define(barField(this.offset + 4), 0, { writable: Number((mask >> 32n) & LAST_32) })
    }
  }
}

function checkSize(owner: string, kind: BarKind, region: MemoryRegion): bigint {
  const { size } = region
  const smallest = kind === 'io' ? SMALLEST.io : kind === 'rom' ? SMALLEST.rom : SMALLEST.memory
  const largest = kind === 'memory64' ? 2n ** 63n : 2n * GiB
  if ((size & (size - 1n)) === 0n && size >= smallest && size <= largest) return size
  throw new HostbridgeError(
    'pci.bar-size',
    `'${region.name}' has ${hex(size)} bytes, which no ${kind} base address register of '${owner}' can express: ` +
      `make it a power of two from ${hex(smallest)} to ${hex(largest)}`,
    { device: owner, region: region.name, size, kind },
  )
}
