import { MemoryRegion, type RegionKind } from './memory-region.ts'
import type { MemorySystem } from './memory-system.ts'
import type { MmioOps } from './mmio-ops.ts'
import { MmioPort } from './mmio-port.ts'
import { checkRegisters } from './region-checks.ts'

/** The registers of a device: every access is a call of {@link MmioOps}. */
export class MmioRegion extends MemoryRegion {
  readonly port: MmioPort

  /** `size` is at most 2^53 bytes. */
  constructor(name: string, size: bigint, ops: MmioOps) {
    checkRegisters(name, size)
    super(name, size)
    this.port = new MmioPort(name, ops)
  }

  override get kind(): RegionKind {
    return 'mmio'
  }

  override bind(system: MemorySystem): void {
    super.bind(system)
    this.port.settleOrder(system.endianness)
  }

  override setSize(size: bigint): void {
    checkRegisters(this.name, size)
    super.setSize(size)
  }
}

/** Makes a {@link MmioRegion}. */
export function mmio(name: string, size: bigint, ops: MmioOps): MmioRegion {
  return new MmioRegion(name, size, ops)
}
