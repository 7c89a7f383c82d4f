import type { BridgeTable } from './bridge-table.ts'
import type { Rtas } from './rtas.ts'
import { RtasStatus, RtasToken } from './spec/rtas.ts'

const FAILED = [RtasStatus.hardware]

/**
 * Offers the four calls that read and write configuration space (rules RT-3, RT-4). The older two know no bus unit id: they mean 0,
 * which no bridge has. Whatever a guest does wrong is a hardware error, a function that is not there too.
 */
export function offerConfigCalls(rtas: Rtas, bridges: BridgeTable): void {
  const read = (address: number, high: number, low: number, size: number): readonly number[] => {
    const device = bridges.functionOf(bridges.find(high, low), address)
    const register = registerOf(address)
    if (device === undefined || !fits(register, size, device.config.size)) return FAILED
    return [RtasStatus.success, device.config.read(register, size)]
  }
  const write = (address: number, high: number, low: number, size: number, value: number): readonly number[] => {
    const device = bridges.functionOf(bridges.find(high, low), address)
    const register = registerOf(address)
    if (device === undefined || !fits(register, size, device.config.size)) return FAILED
    device.config.write(register, size, value)
    return [RtasStatus.success]
  }
  const wrongCount = RtasStatus.hardware
  rtas.register(RtasToken.readPciConfig, {
    name: 'read-pci-config',
    args: 2,
    results: [2],
    wrongCount,
    run: ([address = 0, size = 0]) => read(address, 0, 0, size),
  })
  rtas.register(RtasToken.writePciConfig, {
    name: 'write-pci-config',
    args: 3,
    results: [1],
    wrongCount,
    run: ([address = 0, size = 0, value = 0]) => write(address, 0, 0, size, value),
  })
  rtas.register(RtasToken.ibmReadPciConfig, {
    name: 'ibm,read-pci-config',
    args: 4,
    results: [2],
    wrongCount,
    run: ([address = 0, high = 0, low = 0, size = 0]) => read(address, high, low, size),
  })
  rtas.register(RtasToken.ibmWritePciConfig, {
    name: 'ibm,write-pci-config',
    args: 5,
    results: [1],
    wrongCount,
    run: ([address = 0, high = 0, low = 0, size = 0, value = 0]) => write(address, high, low, size, value),
  })
}

/** The register that a configuration address names: its upper four bits are those of the extended space (RT-4). */
function registerOf(address: number): number {
  return ((address >>> 20) & 0xf00) | (address & 0xff)
}

function fits(register: number, size: number, end: number): boolean {
  return (size === 1 || size === 2 || size === 4) && register % size === 0 && register + size <= end
}
