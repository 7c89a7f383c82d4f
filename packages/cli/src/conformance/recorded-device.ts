import type { AccessSizes, MmioOps, SparseMemory } from '@hostbridge/core/memory'

/** What the recorder's memory and registers hold at an offset: `(31·id + 7·offset + 3) mod 256`. */
function recordedByte(id: number, offset: number): number {
  return (31 * id + 7 * (offset % 256) + 3) % 256
}

/** Fills a region's memory with what it held when the recording began. */
export function fillMemory(id: number, memory: SparseMemory): void {
  const bytes = new Uint8Array(Number(memory.size))
  for (let offset = 0; offset < bytes.length; offset++) bytes[offset] = recordedByte(id, offset)
  memory.write(0n, bytes)
}

/** Sizes as recordings write them: minimum, maximum (0 is unset), unaligned. */
export type RecordedSizes = readonly [0 | 1 | 2 | 4 | 8, 0 | 1 | 2 | 4 | 8, boolean]

/** Registers that answer as the recorder's did and log every call. */
export class RecordedDevice implements MmioOps {
  readonly endianness: 'little' | 'big'
  readonly valid: AccessSizes
  readonly impl: AccessSizes
  readonly #id: number
  readonly #log: (entry: readonly unknown[]) => void

  constructor(
    region: { id: number; endianness: 'little' | 'big'; valid: RecordedSizes; impl: RecordedSizes },
    log: (entry: readonly unknown[]) => void,
  ) {
    this.endianness = region.endianness
    this.valid = sizesOf(region.valid)
    this.impl = sizesOf(region.impl)
    this.#id = region.id
    this.#log = log
  }

  read(offset: number, size: number): number {
    return Number(this.#value(offset, size))
  }

  read64(offset: number): bigint {
    return this.#value(offset, 8)
  }

  write(offset: number, value: number, size: number): void {
    this.#log(['write', this.#id, hexOf(offset), size, hexOf(value)])
  }

  write64(offset: number, value: bigint): void {
    this.#log(['write', this.#id, hexOf(offset), 8, hexOf(value)])
  }

  #value(offset: number, size: number): bigint {
    this.#log(['read', this.#id, hexOf(offset), size])
    let value = 0n
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(recordedByte(this.#id, offset + i))
    return value
  }
}

function sizesOf([min, max, unaligned]: RecordedSizes): AccessSizes {
  return { ...(min === 0 ? {} : { min }), ...(max === 0 ? {} : { max }), unaligned }
}

export function hexOf(value: bigint | number): string {
  return `0x${value.toString(16)}`
}
