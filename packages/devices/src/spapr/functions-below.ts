import type { PciBus, PciDevice } from '../pci/index.ts'

/** All functions of a bus and of the buses behind its bridges, each bridge before what is behind it. */
export function* functionsBelow(bus: PciBus): Generator<PciDevice, void, undefined> {
  for (const device of bus.devices) {
    yield device
    if (device.secondary !== undefined) yield* functionsBelow(device.secondary)
  }
}
