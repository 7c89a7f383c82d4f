import { GiB } from '@hostbridge/core/address'

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
