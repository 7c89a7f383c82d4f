/** How an offset is put together: register 11..0, function 14..12, device 19..15, bus 27..20 (PCI Express Base 5.0, table 7-1). */
export const ECAM_FUNCTION_SHIFT = 12
export const ECAM_LAST_REGISTER = 0xfff

const BUS_SHIFT = 20n

/** Bus numbers that a region may have. */
export const MOST_BUSES = 256

/** Bytes of the region of so many buses. */
export function ecamSize(buses: number): bigint {
  return BigInt(buses) << BUS_SHIFT
}

/** Where QEMU's `virt` machine of ARM has the windows of its host bridge, for a machine that has no reason to differ. */
export const VIRT_WINDOWS = {
  ecam: { address: 0x40_1000_0000n, buses: 256 },
  memory32: { address: 0x1000_0000n, size: 0x2eff_0000n },
  memory64: { address: 0x80_0000_0000n, size: 0x80_0000_0000n },
  io: { address: 0x3eff_0000n, size: 0x1_0000n },
} as const
