import { HostbridgeError } from '@hostbridge/core'
import type { Device, Machine } from '@hostbridge/core/machine'
import { AddressSpace } from '@hostbridge/core/memory'
import { formatPciAddress, parseDeviceFunction } from './address.ts'
import type { BarWindows } from './bars.ts'
import type { BusIommu } from './bus-iommu.ts'
import { BusNumbers } from './bus-numbers.ts'
import type { PciBusOptions } from './bus-options.ts'
import { BusSlot } from './bus-slot.ts'
import { decideDma } from './dma-route.ts'
import { IntxWires } from './intx-wires.ts'
import type { PciDevice } from './pci-device.ts'
import type { Aliasing, RequesterPlace } from './requester.ts'
import { Header } from './spec/header.ts'

const MOST_DEVICES = 32

/** Device and function numbers of a bus. */
const FUNCTION_NUMBERS = 256

/** The slots of a guest's PCI bus, and who sits in them. */
export class PciBus {
  readonly name: string
  readonly bridge: Device
  /** The four interrupt wires that the functions' pins are connected to. */
  readonly wires: IntxWires
  readonly express: boolean
  readonly iommu: BusIommu | undefined
  readonly bypassesIommu: boolean
  readonly iommuPerRoot: boolean
  /** Which bus answers to which number, from here down. */
  readonly numbers: BusNumbers = new BusNumbers(this)
  readonly #options: PciBusOptions
  readonly #number: () => number
  /** By device and function number. */
  readonly #slots = new Map<number, { readonly slot: BusSlot; readonly device: PciDevice }>()
  /** The same functions: every configuration access looks for one. */
  readonly #functions: (PciDevice | undefined)[] = new Array(FUNCTION_NUMBERS).fill(undefined)

  constructor(options: PciBusOptions) {
    this.#options = options
    this.name = options.name
    this.bridge = options.bridge
    this.express = options.express ?? false
    this.bypassesIommu = options.bypassIommu ?? false
    this.iommuPerRoot = options.iommuPerRoot ?? false
    this.iommu = iommuOf(options.dma)
    this.#number = options.number ?? (() => 0)
    this.wires = new IntxWires(options.interrupt)
  }

  /** 0 to 255; what the guest has given to a bus behind a bridge. */
  get number(): number {
    return this.#number()
  }

  /** The place of the bridge on the bus above; `undefined` of a host bridge. */
  get above(): RequesterPlace | undefined {
    return this.#options.uplink?.place()
  }

  /** How requests from the bus look above it. */
  get aliasing(): Aliasing {
    return this.#options.uplink?.aliasing ?? 'none'
  }

  /** Whether a host bridge, or a root complex of its own, leads to it. */
  get isRoot(): boolean {
    const { uplink } = this.#options
    return uplink === undefined || uplink.root === true
  }

  /** What BARs appear in; what a platform allows on its bus it allows behind bridges. */
  get windows(): BarWindows {
    const { memory, io, zeroAllowed = this.above?.bus.windows.zeroAllowed === true } = this.#options
    return { zeroAllowed, ...(memory && { memory }), ...(io && { io }) }
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
    return this.#functions[deviceFunction]
  }

  /** Who answers configuration requests for a bus number, device and function: here or behind bridges of the bus. */
  find(bus: number, deviceFunction: number): PciDevice | undefined {
    const device = (bus === this.number ? this : this.numbers.find(bus))?.function(deviceFunction)
    return device?.powered === true ? device : undefined
  }

  /** The address space that the DMA of a function goes to. @throws HostbridgeError `pci.bridge-not-plugged`. */
  dmaOf(deviceFunction: number): AddressSpace {
    const { by, alias } = decideDma({ bus: this, deviceFunction })
    return by?.addressSpaceOf(alias) ?? this.#machine(`device ${deviceFunction >>> 3}`).space
  }

  /** Whether configuration requests for a bus number come here from the bus above; its own number alone where nothing is said. */
  claims(number: number): boolean {
    return this.#options.uplink?.claims(number) ?? number === this.number
  }

  /** Forgets which bus answers to which number; bridges call it when a guest numbers buses. */
  renumbered(): void {
    for (let bus: PciBus | undefined = this; bus !== undefined; bus = bus.above?.bus) bus.numbers.forget()
  }

  /**
   * Plugs a function and returns it. It is on the bus when its `onPlug` has succeeded; what that throws passes through, and
   * then nothing is left of it. The bus number may be left out of the address.
   *
   * @throws HostbridgeError `pci.address`, `pci.other-bus`, `pci.no-such-slot`, `pci.slot-taken`, `pci.already-plugged`,
   *   `pci.bridge-not-plugged`.
   */
  plug<D extends PciDevice>(address: string, device: D): D {
    const machine = this.#machine(device.name)
    const slot = this.#slot(address, device)
    const { deviceFunction } = slot
    device.enterSlot(slot)
    this.#slots.set(deviceFunction, { slot, device })
    this.#functions[deviceFunction] = device
    this.renumbered()
    device.onRelease(() => this.#vacate(slot, device))
    // A bus that the guest numbers is left out, so that a path stays the same.
    const address0 = formatPciAddress(slot.address)
    const at = this.#options.uplink === undefined ? address0 : address0.slice(address0.indexOf(':') + 1)
    try {
      machine.plug(device, { parent: this.bridge, at })
    } catch (error) {
      this.#vacate(slot, device)
      throw error
    }
    this.#markMultifunction(deviceFunction)
    this.#options.arrived?.(device, deviceFunction)
    return device
  }

  /**
   * Plugs a function as function 0 of the lowest device number that nobody has.
   *
   * @throws HostbridgeError `pci.bus-full`, and as {@link plug}.
   */
  plugAnywhere<D extends PciDevice>(device: D): D {
    const { devices = MOST_DEVICES } = this.#options
    for (let number = 0; number < devices; number++) {
      const taken = Array.from({ length: 8 }, (_, index) => this.#slots.has((number << 3) | index))
      if (!taken.includes(true)) return this.plug(`${number.toString(16).padStart(2, '0')}.0`, device)
    }
    const last = this.devices.at(-1)
    throw new HostbridgeError(
      'pci.bus-full',
      `'${device.name}' cannot be plugged into ${this.name}: all ${devices} of its devices are taken, the last by '${last?.name}'; ` +
        'unplug one, or plug it behind a bridge',
      { device: device.name, bus: this.name, devices, other: last?.name },
    )
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

  #machine(what: string): Machine {
    const { machine } = this.bridge
    if (machine !== undefined) return machine
    throw new HostbridgeError(
      'pci.bridge-not-plugged',
      `'${what}' cannot be plugged into ${this.name}: '${this.bridge.name}' is in no machine; plug it first`,
      { device: what, bus: this.name },
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
    const { devices = MOST_DEVICES } = this.#options
    if (deviceFunction >>> 3 >= devices) {
      throw new HostbridgeError(
        'pci.no-such-slot',
        `'${device.name}' cannot be plugged at ${address} of ${this.name}: '${this.bridge.name}' leads to ` +
          `${devices === 1 ? 'device 0 alone' : `devices 0 to ${devices - 1}`}; take function 0 to 7 of it, or another port`,
        { device: device.name, address, bus: this.name, bridge: this.bridge.name },
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
      this.#functions[deviceFunction] = undefined
      this.renumbered()
      this.#markMultifunction(deviceFunction)
    }
    device.leaveSlot(slot)
    this.#options.left?.(device, deviceFunction)
  }

  /** Function 0 says whether others are beside it: a guest looks for them only then (PCI Local Bus 3.0, section 6.2.1). */
  #markMultifunction(deviceFunction: number): void {
    const first = deviceFunction & ~7
    const functions = Array.from({ length: 7 }, (_, index) => this.#slots.get(first + index + 1))
    const many = functions.some((entry) => entry !== undefined)
    this.#slots.get(first)?.device.config.define(Header.multifunction, many ? 1 : 0)
  }
}

function iommuOf(dma: PciBusOptions['dma']): BusIommu | undefined {
  if (typeof dma === 'function') return { addressSpaceOf: ({ bus, deviceFunction }) => dma(bus, deviceFunction) }
  return dma instanceof AddressSpace ? { addressSpaceOf: () => dma } : dma
}
