import { MiB } from '@hostbridge/core/address'
import { Device, Machine } from '@hostbridge/core/machine'
import { type AddressSpace, ContainerRegion, ram, rom } from '@hostbridge/core/memory'
import { PciBus, PciDevice } from '@hostbridge/devices/pci'

class Bridge extends Device {}

/** A function that does nothing of its own; `onPlug` runs what it is given. */
export class PlainFunction extends PciDevice {
  readonly #plugged: (device: PlainFunction) => void

  constructor(name: string, plugged: (device: PlainFunction) => void = () => {}) {
    super(name, { busMaster: true })
    this.#plugged = plugged
  }

  protected override onPlug(): void {
    this.#plugged(this)
  }
}

/** A bus whose DMA sees 1 MiB of RAM at 0 and 1 MiB of ROM at 2 MiB. */
export function busUnderTest(): { machine: Machine; bus: PciBus; bridge: Device; dma: AddressSpace } {
  const machine = new Machine('m')
  const bridge = machine.plug(new Bridge('bridge'))
  const root = new ContainerRegion('dma')
  root.add(ram('ram', 1n * MiB), 0n)
  root.add(rom('rom', 1n * MiB), 2n * MiB)
  const dma = machine.memory.createSpace('dma', root)
  return { machine, bridge, dma, bus: new PciBus({ name: 'pci.0', bridge, dma }) }
}
