import { ADDRESS_SPACE_SIZE, GiB } from '@hostbridge/core/address'
import { type DeviceState, type InterruptLine, resetDevices } from '@hostbridge/core/machine'
import { ContainerRegion } from '@hostbridge/core/memory'
import { BridgeForwarding } from './bridge-forwarding.ts'
import { defineBridgeHeader } from './bridge-header.ts'
import { BusSlot } from './bus-slot.ts'
import type { PciIdentity } from './identity.ts'
import { INTX_WIRES } from './intx-wires.ts'
import { PciBus } from './pci-bus.ts'
import { PciDevice } from './pci-device.ts'
import type { Aliasing } from './requester.ts'
import type { PciSlot } from './slot.ts'
import { BRIDGE_CLASS, BridgeControl } from './spec/bridge.ts'
import { Type1 } from './spec/header.ts'

export interface PciBridgeOptions {
  readonly name?: string
  /** Whether it passes on too what nobody else on its bus answers; not unless told. */
  readonly subtractive?: boolean
  /** Whether its I/O window lies anywhere in 32 bits; in 16 bits unless told. */
  readonly wideIo?: boolean
  /** What it says about itself; QEMU's `pci-bridge` unless told. */
  readonly identity?: PciIdentity
}

/** How a kind of bridge differs from the conventional one. */
export interface BridgeKind {
  /** Whether the bridge itself is a PCI Express function. */
  readonly express: boolean
  /** Whether the bus behind it carries PCI Express. */
  readonly expressBehind: boolean
  readonly aliasing: Aliasing
  /** Device numbers behind it; all unless told. */
  readonly devices?: number
}

const CONVENTIONAL: BridgeKind = { express: false, expressBehind: false, aliasing: 'bridge' }

const QEMU_BRIDGE: PciIdentity = { vendor: 0x1b36, device: 0x0001 }

const IO_BEHIND = 4n * GiB

/**
 * A PCI-to-PCI bridge (PCI-to-PCI Bridge Architecture 1.2): a function that leads to a bus, which the guest numbers, and whose
 * addresses it shows through windows.
 *
 * The bus is there from the beginning; functions can be plugged into it while the bridge is plugged. A guest that numbers buses
 * badly finds other functions than it meant to, or none.
 */
export class PciBridge extends PciDevice {
  /** The bus behind the bridge. */
  readonly bus: PciBus
  readonly #forwarding: BridgeForwarding
  readonly #wires: readonly InterruptLine[]
  #disconnectWires: () => void = () => {}
  #passesConfig = false
  #resetting = false
  #restoring = false

  constructor(options: PciBridgeOptions = {}, kind: BridgeKind = CONVENTIONAL) {
    const { name = 'pci-bridge', subtractive = false, wideIo = false } = options
    super(name, {
      ...QEMU_BRIDGE,
      classCode: subtractive ? BRIDGE_CLASS.subtractive : BRIDGE_CLASS.positive,
      ...options.identity,
      layout: 'bridge',
      express: kind.express,
    })
    defineBridgeHeader(this.config, { express: kind.express, wideIo })
    const memory = new ContainerRegion(`${name} memory`, ADDRESS_SPACE_SIZE)
    const io = new ContainerRegion(`${name} io`, IO_BEHIND)
    this.#forwarding = new BridgeForwarding(name, this.config, { memory, io }, subtractive)
    this.#wires = Array.from({ length: INTX_WIRES }, (_, wire) => this.interruptLine(`behind-int${'abcd'[wire]}`))
    this.bus = new PciBus({
      name,
      bridge: this,
      memory,
      io,
      number: () => this.config.read(Type1.secondaryBus.offset, 1),
      interrupt: (wire, raised) => this.#wires[wire]?.set(raised),
      express: kind.expressBehind,
      arrived: (device) => this.onArrival(device),
      left: (device) => this.onDeparture(device),
      ...(kind.devices !== undefined && { devices: kind.devices }),
      uplink: {
        place: () => (this.slot instanceof BusSlot ? this.slot : undefined),
        aliasing: kind.aliasing,
        claims: (number) => this.#claims(number),
      },
    })
    this.config.watch(Type1.primaryBus.offset, 3, () => this.bus.renumbered())
    this.config.watch(Type1.ioBase.offset, Type1.bridgeControl.offset - Type1.ioBase.offset, () => this.#follow())
    this.config.watch(Type1.bridgeControl.offset, 2, () => this.#control())
  }

  override get secondary(): PciBus {
    return this.bus
  }

  /** Plugs a function at an address such as `01.0` of the bus behind and returns it; see {@link PciBus.plug}. */
  plug<D extends PciDevice>(address: string, device: D): D {
    return this.bus.plug(address, device)
  }

  unplug(device: PciDevice): void {
    this.bus.unplug(device)
  }

  override enterSlot(slot: PciSlot): void {
    // Said before anything has changed, where the bridge has been in another machine.
    const behind = this.bus.windows
    if (behind.memory !== undefined) slot.windows?.memory?.system?.adopt(behind.memory)
    if (behind.io !== undefined) slot.windows?.io?.system?.adopt(behind.io)
    super.enterSlot(slot)
    this.#forwarding.attach(slot.windows)
    const ends = this.#wires.map((line, wire) => slot.connectPin?.(wire + 1, line))
    this.#disconnectWires = () => {
      for (const end of ends) end?.()
    }
  }

  override leaveSlot(slot: PciSlot): void {
    if (this.slot !== slot) return
    this.#disconnectWires()
    this.#forwarding.attach(undefined)
    super.leaveSlot(slot)
  }

  override restore(state: DeviceState): void {
    this.#restoring = true
    super.restore(state)
    this.#restoring = false
    this.bus.wires.restore()
    this.bus.renumbered()
  }

  /** A function has come to the bus behind. */
  protected onArrival(_device: PciDevice): void {}

  /** A function has left the bus behind, or failed to come. */
  protected onDeparture(_device: PciDevice): void {}

  protected override onDecode(): void {
    this.#follow()
  }

  /** Whether configuration requests for a bus number go through the bridge. */
  #claims(number: number): boolean {
    if (!this.awake || this.#resetting) return false
    const { config } = this
    return config.read(Type1.secondaryBus.offset, 1) <= number && number <= config.read(Type1.subordinateBus.offset, 1)
  }

  #follow(): void {
    if (this.awake !== this.#passesConfig) {
      this.#passesConfig = this.awake
      this.bus.renumbered()
    }
    this.#forwarding.setPowered(this.awake)
    const refused = this.#forwarding.updateForGuest()
    if (refused === undefined) return
    this.timeline?.guestError({ code: 'pci.window-refused', message: refused.message, device: this })
  }

  /** What is behind the bridge is reset when the guest begins it, and cannot be reached until the guest ends it. */
  #control(): void {
    const resetting = (this.config.get(Type1.bridgeControl) & BridgeControl.secondaryReset) !== 0
    if (resetting === this.#resetting) return
    this.#resetting = resetting
    this.bus.renumbered()
    if (resetting && !this.#restoring) resetDevices(this.bus.devices)
  }
}
