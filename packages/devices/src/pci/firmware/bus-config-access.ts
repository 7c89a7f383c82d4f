import type { PciBus } from '../pci-bus.ts'
import { allOnes, type ConfigAccess } from './config-access.ts'

/** Configuration accesses that begin on a bus, with no host bridge's way to make them in between. */
export class BusConfigAccess implements ConfigAccess {
  readonly #bus: PciBus

  constructor(bus: PciBus) {
    this.#bus = bus
  }

  read(address: number, offset: number, size: number): number {
    const device = this.#bus.find(address >>> 8, address & 0xff)
    return device === undefined ? allOnes(size) : device.config.read(offset, size)
  }

  write(address: number, offset: number, size: number, value: number): void {
    this.#bus.find(address >>> 8, address & 0xff)?.config.write(offset, size, value)
  }
}
