import { HostbridgeError } from '@hostbridge/core'
import type { Device, Machine } from '@hostbridge/core/machine'
import type { AddressSpace } from '@hostbridge/core/memory'
import { formatPciAddress, type PciAddress, parsePciAddress, requesterIdOf } from './address.ts'
import type { PciDevice } from './pci-device.ts'
import type { PciSlot } from './slot.ts'

export interface PciBusOptions {
  /** Names the bus in messages: `phb0`. */
  readonly name: string
  /** The bridge that leads to the bus: what is plugged here is plugged below it. */
  readonly bridge: Device
  /** The bus number in addresses, 0 unless told. */
  readonly number?: number
  /** Where the DMA of all functions goes (PH-5). */
  readonly dma: AddressSpace
}

/** The slots of a guest's PCI bus, and who sits in them. */
export class PciBus {
  readonly name: string
  readonly number: number
  readonly dma: AddressSpace
  readonly #bridge: Device
  readonly #devices = new Map<number, PciDevice>()

  constructor(options: PciBusOptions) {
    this.name = options.name
    this.number = options.number ?? 0
    this.dma = options.dma
    this.#bridge = options.bridge
  }

  /** The functions on the bus, ascending by address. */
  get devices(): readonly PciDevice[] {
    return [...this.#devices.entries()].sort(([a], [b]) => a - b).map(([, device]) => device)
  }

  /** Who sits at an address. */
  at(address: string): PciDevice | undefined {
    return this.#devices.get(requesterIdOf(parsePciAddress(address)))
  }

  /**
   * Plugs a function and returns it. It is on the bus when its `onPlug` has succeeded; what that throws passes through, and
   * then nothing is left of it.
   *
   * @throws HostbridgeError `pci.address`, `pci.other-bus`, `pci.slot-taken`, `pci.already-plugged`, `pci.bridge-not-plugged`.
   */
  plug<D extends PciDevice>(address: string, device: D): D {
    const machine = this.#machine(device)
    const slot = this.#slot(parsePciAddress(address), device)
    device.enterSlot(slot)
    this.#devices.set(slot.requester, device)
    device.onRelease(() => this.#vacate(slot, device))
    try {
      machine.plug(device, { parent: this.#bridge, at: formatPciAddress(slot.address) })
    } catch (error) {
      this.#vacate(slot, device)
      throw error
    }
    return device
  }

  /** Unplugs a function. @throws HostbridgeError `pci.not-here`. */
  unplug(device: PciDevice): void {
    const { slot, machine } = device
    if (machine === undefined || slot === undefined || this.#devices.get(slot.requester) !== device) {
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
    const { machine } = this.#bridge
    if (machine !== undefined) return machine
    throw new HostbridgeError(
      'pci.bridge-not-plugged',
      `'${device.name}' cannot be plugged into ${this.name}: '${this.#bridge.name}' is in no machine; plug it first`,
      { device: device.name, bus: this.name },
    )
  }

  #slot(address: PciAddress, device: PciDevice): PciSlot {
    const where = formatPciAddress(address)
    if (address.bus !== this.number || address.domain !== 0) {
      throw new HostbridgeError(
        'pci.other-bus',
        `'${device.name}' cannot be plugged at ${where}: ${this.name} is bus ${this.number} of domain 0, and no bridge leads on`,
        { device: device.name, address: where, bus: this.name },
      )
    }
    const requester = requesterIdOf(address)
    const other = this.#devices.get(requester)
    if (other !== undefined) {
      throw new HostbridgeError(
        'pci.slot-taken',
        `'${device.name}' cannot be plugged at ${this.name} ${where}: '${other.name}' is there; take another slot or unplug it`,
        { device: device.name, address: where, bus: this.name, other: other.name },
      )
    }
    const bridge = this.#bridge
    return {
      name: `${this.name} ${where}`,
      address,
      requester,
      dma: this.dma,
      get machine() {
        return bridge.machine
      },
    }
  }

  #vacate(slot: PciSlot, device: PciDevice): void {
    if (this.#devices.get(slot.requester) === device) this.#devices.delete(slot.requester)
    device.leaveSlot(slot)
  }
}
