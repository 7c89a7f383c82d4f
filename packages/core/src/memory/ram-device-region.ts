import { PAGE_SIZE } from '../address/page-frame.ts'
import { MemTx, type MemTxResult } from './access.ts'
import { DirtyClient } from './dirty/dirty-client.ts'
import { MemoryRegion, type RegionKind } from './memory-region.ts'
import type { MmioAccess, MmioOps } from './mmio-ops.ts'
import { MmioPort } from './mmio-port.ts'
import { checkBacking, checkRegisters } from './region-checks.ts'
import { SparseMemory } from './sparse-memory.ts'

/**
 * A device's memory that a host can map as if it were RAM, such as the BAR of a card that is passed through.
 *
 * It counts as RAM where somebody maps it (MR-3), but accesses are single ones of 1 to 8 bytes at any address, in the order
 * of the host, as its registers want them (MR-4).
 */
export class RamDeviceRegion extends MemoryRegion {
  /** The bytes behind this region. */
  readonly memory: SparseMemory
  readonly port: MmioPort

  /** `size` is at most 2^53 bytes; the memory is fresh and all zero unless given. */
  constructor(name: string, size: bigint, given?: SparseMemory) {
    checkRegisters(name, size)
    super(name, size)
    const memory = given ?? new SparseMemory(size)
    checkBacking(name, size, memory)
    this.memory = memory
    this.port = new MmioPort(name, new MemoryOps(memory))
  }

  override get kind(): RegionKind {
    return 'ramd'
  }

  override get globalClients(): number {
    return DirtyClient.code
  }

  override setSize(size: bigint): void {
    checkRegisters(this.name, size)
    checkBacking(this.name, size, this.memory)
    super.setSize(size)
  }
}

/** Makes a {@link RamDeviceRegion}. */
export function ramDevice(name: string, size: bigint, memory?: SparseMemory): RamDeviceRegion {
  return new RamDeviceRegion(name, size, memory)
}

/** Carries single accesses to memory; the shared tables run on little-endian hosts, and so does this. */
class MemoryOps implements MmioOps {
  readonly endianness = 'little'
  readonly valid = { min: 1, max: 8, unaligned: true } as const
  readonly impl = { min: 1, max: 8, unaligned: true } as const
  readonly #memory: SparseMemory
  readonly #value = new DataView(new ArrayBuffer(8))
  readonly #bytes = new Uint8Array(this.#value.buffer)

  constructor(memory: SparseMemory) {
    this.#memory = memory
  }

  read(offset: number, size: number): number {
    this.#load(offset, size)
    return size === 4 ? this.#value.getUint32(0, true) : this.#value.getUint16(0, true)
  }

  write(offset: number, value: number, size: number): MemTxResult {
    this.#value.setUint32(0, value, true)
    return this.#store(offset, size)
  }

  read64(offset: number, _access: MmioAccess): bigint {
    this.#load(offset, 8)
    return this.#value.getBigUint64(0, true)
  }

  write64(offset: number, value: bigint): MemTxResult {
    this.#value.setBigUint64(0, value, true)
    return this.#store(offset, 8)
  }

  /** Bytes that are not read stay 0. */
  #load(offset: number, size: number): void {
    this.#value.setUint32(0, 0)
    this.#memory.readAt(Math.floor(offset / PAGE_SIZE), offset % PAGE_SIZE, this.#bytes, 0, size)
  }

  #store(offset: number, size: number): MemTxResult {
    const frame = Math.floor(offset / PAGE_SIZE)
    return this.#memory.writeAt(frame, offset % PAGE_SIZE, this.#bytes, 0, size) ? MemTx.ok : MemTx.error
  }
}
