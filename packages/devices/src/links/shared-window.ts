import { type MmioRegion, mmio } from '@hostbridge/core/memory'

/** Memory that other machines see too; a lockstep run's `SharedMemory` is one. */
export interface WindowMemory {
  readonly size: number
  read(offset: number, length: number): Uint8Array
  write(offset: number, bytes: Uint8Array): void
}

/**
 * Makes a region through which a machine sees shared memory. What it writes, others see when the link's latency has passed;
 * numbers lie in it in little-endian order. An access that begins before its end and leads over it sees zeros there.
 */
export function sharedWindow(name: string, memory: WindowMemory): MmioRegion {
  return mmio(name, BigInt(memory.size), {
    endianness: 'little',
    valid: { unaligned: true },
    impl: { unaligned: true },
    read(offset, size) {
      const bytes = new Uint8Array(4)
      const inside = Math.min(size, memory.size - offset)
      if (inside > 0) bytes.set(memory.read(offset, inside))
      return new DataView(bytes.buffer).getUint32(0, true)
    },
    write(offset, value, size) {
      const bytes = new Uint8Array(4)
      new DataView(bytes.buffer).setUint32(0, value, true)
      const inside = Math.min(size, memory.size - offset)
      if (inside > 0) memory.write(offset, bytes.subarray(0, inside))
    },
  })
}
