import type { InterruptLine, Machine } from '@hostbridge/core/machine'
import type { AddressSpace } from '@hostbridge/core/memory'
import { formatPciAddress, type PciAddress } from './address.ts'
import type { BarWindows } from './bars.ts'
import type { HostDevice } from './bus-iommu.ts'
import { type DmaDecision, decideDma } from './dma-route.ts'
import type { PciBus } from './pci-bus.ts'
import { aliasAtRoot, type RequesterPlace, requesterIdAt } from './requester.ts'
import type { PciSlot } from './slot.ts'

/** A function's place on a guest's bus; its address follows the number that the guest gives to the bus. */
export class BusSlot implements PciSlot {
  readonly bus: PciBus
  /** Device 7..3, function 2..0. */
  readonly deviceFunction: number
  readonly dma: AddressSpace
  /** Who decides where the DMA goes (PC-4). */
  readonly decision: DmaDecision
  readonly #alias: RequesterPlace

  constructor(bus: PciBus, deviceFunction: number) {
    this.bus = bus
    this.deviceFunction = deviceFunction
    this.#alias = aliasAtRoot(this)
    this.decision = decideDma(this)
    this.dma = bus.dmaOf(deviceFunction)
  }

  get name(): string {
    return `${this.bus.name} ${formatPciAddress(this.address)}`
  }

  get address(): PciAddress {
    const { deviceFunction } = this
    return { domain: 0, bus: this.bus.number, device: deviceFunction >>> 3, function: deviceFunction & 7 }
  }

  get requester(): number {
    return requesterIdAt(this.#alias)
  }

  get machine(): Machine | undefined {
    return this.bus.bridge.machine
  }

  get windows(): BarWindows {
    return this.bus.windows
  }

  connectPin(pin: number, line: InterruptLine): () => void {
    return this.bus.wires.connect(this.deviceFunction >>> 3, pin, line)
  }

  bindHost(host: HostDevice): () => void {
    const { by, alias } = this.decision
    const binding = { host, place: { bus: this.bus, deviceFunction: this.deviceFunction }, alias }
    by?.setHostDevice?.(binding)
    return () => by?.unsetHostDevice?.(binding)
  }
}
