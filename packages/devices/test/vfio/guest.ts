import { ADDRESS_SPACE_SIZE, GiB } from '@hostbridge/core/address'
import { PageTableIommu } from '@hostbridge/core/iommu'
import { Device, Machine } from '@hostbridge/core/machine'
import { container, type RamRegion, ram } from '@hostbridge/core/memory'
import { DmaEngine } from '@hostbridge/devices/endpoints'
import { PciBus, type PciBusOptions } from '@hostbridge/devices/pci'
import { Host, Type1Iommu, type Type1Options } from '@hostbridge/devices/vfio'

class Bridge extends Device {}

/** A machine with RAM at 0 and as many buses as a test needs. */
export class Guest {
  readonly machine: Machine
  readonly ram: RamRegion
  #bridges = 0

  constructor(ramSize: bigint = 4n * GiB) {
    this.machine = new Machine('guest')
    this.ram = this.machine.map(0n, ram('ram', ramSize))
  }

  /** A bus whose DMA goes to an address space, or where an IOMMU says. */
  busOn(dma: NonNullable<PciBusOptions['dma']>): PciBus {
    const bridge = this.machine.plug(new Bridge(`bridge${this.#bridges++}`))
    return new PciBus({ name: bridge.name, bridge, dma })
  }

  /** A bus whose DMA an IOMMU of `size` bytes translates. */
  busWithIommu(size: bigint = ADDRESS_SPACE_SIZE): { bus: PciBus; iommu: PageTableIommu } {
    const iommu = new PageTableIommu({ name: `iommu${this.#bridges}`, size, target: this.machine.space })
    const root = container(`dma${this.#bridges}`)
    root.add(iommu.region, 0n)
    return { bus: this.busOn(this.machine.memory.createSpace(root.name, root)), iommu }
  }
}

/** A host with one card, `count` cards if told. */
export function hostWith(options: Type1Options, count = 1): { host: Host; card: DmaEngine; cards: DmaEngine[] } {
  const host = new Host({ iommu: new Type1Iommu(options) })
  const cards = Array.from({ length: count }, (_, index) =>
    host.plug(`0000:01:0${index}.0`, new DmaEngine({ name: `card${index}` })),
  )
  return { host, card: cards[0] as DmaEngine, cards }
}

/** What a call throws. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
