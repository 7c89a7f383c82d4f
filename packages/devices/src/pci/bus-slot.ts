import type { InterruptLine, Machine } from '@hostbridge/core/machine'
import type { AddressSpace } from '@hostbridge/core/memory'
import { formatPciAddress, type PciAddress } from './address.ts'
import type { BarWindows } from './bars.ts'
import type { PciBus } from './pci-bus.ts'
import type { PciSlot } from './slot.ts'

/** A function's place on a guest's bus; its address follows the number that the guest gives to the bus. */
export class BusSlot implements PciSlot {
  /** Device 7..3, function 2..0. */
  readonly deviceFunction: number
  readonly dma: AddressSpace
  readonly #bus: PciBus

  constructor(bus: PciBus, deviceFunction: number) {
    this.#bus = bus
    this.deviceFunction = deviceFunction
    this.dma = bus.dmaOf(deviceFunction)
  }

  get name(): string {
    return `${this.#bus.name} ${formatPciAddress(this.address)}`
  }

  get address(): PciAddress {
    const { deviceFunction } = this
    return { domain: 0, bus: this.#bus.number, device: deviceFunction >>> 3, function: deviceFunction & 7 }
  }

  get requester(): number {
    return (this.#bus.number << 8) | this.deviceFunction
  }

  get machine(): Machine | undefined {
    return this.#bus.bridge.machine
  }

  get windows(): BarWindows {
    return this.#bus.windows
  }

  connectPin(pin: number, line: InterruptLine): () => void {
    return this.#bus.wires.connect(this.deviceFunction >>> 3, pin, line)
  }
}
