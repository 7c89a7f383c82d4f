import { GiB, KiB } from '@hostbridge/core/address'

/** A machine has host bridges 0 to 30 (PH-1). */
export const LAST_HOST_BRIDGE = 30

/** The bus unit id of host bridge 0; the index is added (PH-1). */
export const FIRST_BUID = 0x800000020000000n

/** The default DMA window, on the bus (PH-6). */
export const DEFAULT_WINDOW: { readonly start: bigint; readonly size: bigint; readonly pageShift: number } = {
  start: 0n,
  size: GiB,
  pageShift: 12,
}

/** Where windows beside the default one begin, on the bus (PH-6). */
export const WINDOW_64_START = 0x800000000000000n

/** The MSI window of a bridge's DMA address space (PH-4). */
export const MSI_WINDOW = { start: 0x40000000000n, size: 4096n } as const

/** A bridge has the default window and one more (PH-4). */
export const WINDOWS_PER_BRIDGE = 2

/** The logical IO bus number of a bridge's window (LB-1). */
export function pciLiobn(index: number, window: number): number {
  return (0x80000000 | (index << 8) | window) >>> 0
}

/** Where host bridge 0 has its windows in system memory (PH-1). */
const WINDOWS_BASE = 0x2000_0000_0000n

/** Bytes of a bridge's I/O addresses (PH-1). */
export const IO_SIZE: bigint = 64n * KiB

/** The first bus address of the 32-bit window, and the most bytes that it has (PH-1). */
export const MEMORY_32: { readonly start: bigint; readonly most: bigint } = { start: 2n * GiB, most: 2n * GiB }

/** Bytes of the 64-bit window unless told (PH-1). */
export const MEMORY_64_SIZE: bigint = 1024n * GiB

/** Where the windows of a bridge lie in system memory (PH-1, PH-2); the 64-bit one has the same addresses on the bus. */
export function windowsOf(index: number): {
  readonly io: bigint
  readonly memory32: bigint
  readonly memory64: bigint
} {
  const number = BigInt(index)
  return {
    io: WINDOWS_BASE + number * IO_SIZE,
    memory32: WINDOWS_BASE + (number + 1n) * MEMORY_32.most,
    memory64: WINDOWS_BASE + (number + 1n) * MEMORY_64_SIZE,
  }
}
