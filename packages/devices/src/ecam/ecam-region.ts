import { type MmioRegion, mmio } from '@hostbridge/core/memory'
import type { PciBus } from '../pci/index.ts'
import { ECAM_FUNCTION_SHIFT, ECAM_LAST_REGISTER, ecamSize } from './spec/ecam.ts'

const ALL_ONES = 0xffff_ffff

/**
 * Makes the memory that shows the configuration space of every function below a bus (PCI Express Base 5.0, section 7.2.2): 1 MiB
 * for each bus number, 4 KiB for each function. What is not there reads as all ones; accesses of 8 bytes are two of 4.
 */
export function ecamRegion(name: string, bus: PciBus, buses: number): MmioRegion {
  return mmio(name, ecamSize(buses), {
    valid: { min: 1, max: 8 },
    impl: { min: 1, max: 4 },
    read: (offset, size) => {
      const device = functionAt(bus, offset)
      const value = device === undefined ? ALL_ONES : device.config.read(offset & ECAM_LAST_REGISTER, size)
      return size === 4 ? value : value & (2 ** (8 * size) - 1)
    },
    write: (offset, value, size) => functionAt(bus, offset)?.config.write(offset & ECAM_LAST_REGISTER, size, value),
  })
}

function functionAt(bus: PciBus, offset: number): ReturnType<PciBus['find']> {
  const place = offset >>> ECAM_FUNCTION_SHIFT
  return bus.find(place >>> 8, place & 0xff)
}
