import { HostbridgeError } from '@hostbridge/core'
import type { Device, Machine } from '@hostbridge/core/machine'
import type { AddressSpace, MemoryRegion } from '@hostbridge/core/memory'
import { formatPciAddress, parseDeviceFunction } from './address.ts'
import type { BarWindows } from './bars.ts'
import { BusSlot } from './bus-slot.ts'
import { IntxWires } from './intx-wires.ts'
import type { PciDevice } from './pci-device.ts'
import { Header } from './spec/header.ts'

/** The address space that the DMA of a function goes to; asked when the function is plugged (PC-4). */
export type DmaRoute = (bus: PciBus, deviceFunction: number) => AddressSpace

export interface PciBusOptions {
  /** Names the bus in messages: `phb0`. */
  readonly name: string
  /** The bridge that leads to the bus: what is plugged here is plugged below it. */
  readonly bridge: Device
  /** The bus number in addresses, 0 unless told; that of a bus behind a bridge is the guest's to set. */
  readonly number?: () => number
  /** Where the DMA of the functions goes: all of it to one address space (PH-5), or as a platform routes it. */
  readonly dma: AddressSpace | DmaRoute
  /** The memory addresses of the bus, which BARs appear in. */
  readonly memory?: MemoryRegion
  /** The I/O addresses of the bus. */
  readonly io?: MemoryRegion
  /** Whether a BAR may lie at address 0 (PC-6). */
  readonly zeroAllowed?: boolean
  /** Is told of the level of each of the four interrupt wires, 0 to 3. */
  readonly interrupt?: (wire: number, raised: boolean) => void
}

/** The slots of a guest's PCI bus, and who sits in them. */
export class PciBus {
  readonly name: string
  readonly bridge: Device
  readonly windows: BarWindows
  /** The four interrupt wires that the functions' pins are connected to. */
  readonly wires: IntxWires
  readonly #number: () => number
  readonly #dma: AddressSpace | DmaRoute
  /** By device and function number. */
  readonly #slots = new Map<number, { readonly slot: BusSlot; readonly device: PciDevice }>()

  constructor(options: PciBusOptions) {
    const { memory, io, zeroAllowed = false, number = () => 0 } = options
    this.name = options.name
    this.bridge = options.bridge
    this.#number = number
    this.#dma = options.dma
    this.wires = new IntxWires(options.interrupt)
    this.windows = { zeroAllowed, ...(memory && { memory }), ...(io && { io }) }
  }

  /** 0 to 255; what the guest has given to a bus behind a bridge. */
  get number(): number {
    return this.#number()
  }

  /** The functions on the bus, ascending by address. */
  get devices(): readonly PciDevice[] {
    return [...this.#slots.entries()].sort(([a], [b]) => a - b).map(([, { device }]) => device)
  }

  /** Who sits at an address such as `00:01.0` or `01.0`. @throws HostbridgeError `pci.address`. */
  at(address: string): PciDevice | undefined {
    return this.#slots.get(parseDeviceFunction(address).deviceFunction)?.device
  }

  /** Who has a device and function number: device 7..3, function 2..0. */
  function(deviceFunction: number): PciDevice | undefined {
    return this.#slots.get(deviceFunction)?.device
  }

  /** The function of a bus number, here or behind a bridge of this bus. */
  find(bus: number, deviceFunction: number): PciDevice | undefined {
    if (bus === this.number) return this.function(deviceFunction)
    for (const { device } of this.#slots.values()) {
      const found = device.secondary?.find(bus, deviceFunction)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** The address space that the DMA of a function goes to. */
  dmaOf(deviceFunction: number): AddressSpace {
    return typeof this.#dma === 'function' ? this.#dma(this, deviceFunction) : this.#dma
  }

  /**
   * Plugs a function and returns it. It is on the bus when its `onPlug` has succeeded; what that throws passes through, and
   * then nothing is left of it. The bus number may be left out of the address.
   *
   * @throws HostbridgeError `pci.address`, `pci.other-bus`, `pci.slot-taken`, `pci.already-plugged`, `pci.bridge-not-plugged`.
   */
  plug<D extends PciDevice>(address: string, device: D): D {
    const machine = this.#machine(device)
    const slot = this.#slot(address, device)
    const { deviceFunction } = slot
    device.enterSlot(slot)
    this.#slots.set(deviceFunction, { slot, device })
    device.onRelease(() => this.#vacate(slot, device))
    try {
      machine.plug(device, { parent: this.bridge, at: formatPciAddress(slot.address) })
    } catch (error) {
      this.#vacate(slot, device)
      throw error
    }
    this.#markMultifunction(deviceFunction)
    return device
  }

  /** Unplugs a function. @throws HostbridgeError `pci.not-here`. */
  unplug(device: PciDevice): void {
    const { slot, machine } = device
    if (
      machine === undefined ||
      !(slot instanceof BusSlot) ||
      this.#slots.get(slot.deviceFunction)?.device !== device
    ) {
      const where = slot === undefined ? 'nowhere' : `at ${slot.name}`
      throw new HostbridgeError(
        'pci.not-here',
        `'${device.name}' cannot be unplugged from ${this.name}: it is ${where}`,
        {
          device: device.name,
          bus: this.name,
        },
      )
    }
    machine.unplug(device)
  }

  #machine(device: PciDevice): Machine {
    const { machine } = this.bridge
    if (machine !== undefined) return machine
    throw new HostbridgeError(
      'pci.bridge-not-plugged',
      `'${device.name}' cannot be plugged into ${this.name}: '${this.bridge.name}' is in no machine; plug it first`,
      { device: device.name, bus: this.name },
    )
  }

  #slot(address: string, device: PciDevice): BusSlot {
    const { deviceFunction, domain = 0, bus = this.number } = parseDeviceFunction(address)
    if (bus !== this.number || domain !== 0) {
      throw new HostbridgeError(
        'pci.other-bus',
        `'${device.name}' cannot be plugged at ${address}: ${this.name} is bus ${this.number} of domain 0; ` +
          `leave the bus number out, or plug it into the bus of that number`,
        { device: device.name, address, bus: this.name },
      )
    }
    const slot = new BusSlot(this, deviceFunction)
    const other = this.#slots.get(deviceFunction)?.device
    if (other !== undefined) {
      throw new HostbridgeError(
        'pci.slot-taken',
        `'${device.name}' cannot be plugged at ${slot.name}: '${other.name}' is there; take another slot or unplug it`,
        { device: device.name, address, bus: this.name, other: other.name },
      )
    }
    return slot
  }

  #vacate(slot: BusSlot, device: PciDevice): void {
    const { deviceFunction } = slot
    if (this.#slots.get(deviceFunction)?.device === device) {
      this.#slots.delete(deviceFunction)
      this.#markMultifunction(deviceFunction)
    }
    device.leaveSlot(slot)
  }

  /** Function 0 says whether others are beside it: a guest looks for them only then (PCI Local Bus 3.0, section 6.2.1). */
  #markMultifunction(deviceFunction: number): void {
    const first = deviceFunction & ~7
    const functions = Array.from({ length: 7 }, (_, index) => this.#slots.get(first + index + 1))
    const many = functions.some((entry) => entry !== undefined)
    this.#slots.get(first)?.device.config.define(Header.multifunction, many ? 1 : 0)
  }
}
