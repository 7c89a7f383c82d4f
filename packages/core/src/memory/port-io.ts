import type { MmioOps } from './mmio-ops.ts'
import { type MmioRegion, mmio } from './mmio-region.ts'

/** Ports at which nothing is: reads give all ones, writes are ignored, and both succeed, as on a PC (VA-4). */
const NO_PORTS: MmioOps = {
  read: () => 0xffff_ffff,
  write: () => undefined,
}

/** Makes the root of a port I/O space; devices are added to it. `size` is 64 KiB unless given. */
export function portIo(name: string, size = 0x1_0000n): MmioRegion {
  return mmio(name, size, NO_PORTS)
}
