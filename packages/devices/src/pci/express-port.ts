import { HostbridgeError } from '@hostbridge/core'
import { type Device, type DeviceState, resetDevices, type UnplugAnswer } from '@hostbridge/core/machine'
import { ms, type SimEvent, tickOf } from '@hostbridge/core/time'
import { BusSlot } from './bus-slot.ts'
import type { ExpressCapability, ExpressOptions } from './express-capability.ts'
import { accessControl, errorReporting } from './extended-capabilities.ts'
import { HotplugSlot } from './hotplug-slot.ts'
import { type BridgeKind, PciBridge, type PciBridgeOptions } from './pci-bridge.ts'
import type { PciBus } from './pci-bus.ts'
import type { PciDevice } from './pci-device.ts'
import type { PciSlot } from './slot.ts'
import type { HotplugOptions } from './slot-registers.ts'

export interface ExpressPortOptions extends Pick<PciBridgeOptions, 'name' | 'identity' | 'wideIo'> {
  /** The link of the port. */
  readonly link?: Pick<ExpressOptions, 'speed' | 'width' | 'port'>
  /** The slot below the port, where it has one. */
  readonly slot?: HotplugOptions
}

/** What sets one kind of port apart. */
export interface ExpressPortKind {
  readonly name: string
  readonly type: NonNullable<ExpressOptions['type']>
  readonly identity: NonNullable<PciBridgeOptions['identity']>
  readonly bridge: BridgeKind
  /** MSI vectors. */
  readonly vectors: number
}

/** Ticks for which a card that was pulled is still there, for what it has under way to fail. */
const LINGER = 1n * ms

/**
 * A bridge that is a PCI Express function: power management, MSI and the PCI Express capability come with it, and below a root
 * port and a downstream port a slot that cards come to and leave.
 */
export abstract class ExpressPort extends PciBridge {
  readonly express: ExpressCapability
  /** The slot that a card sits in; only of a port with a link below it. */
  readonly cardSlot: HotplugSlot | undefined
  readonly #pulled: SimEvent
  /** Whether somebody wishes the card to leave, and the guest has been told. */
  #leaving = false

  /** @throws HostbridgeError what the capabilities throw. */
  protected constructor(options: ExpressPortOptions, kind: ExpressPortKind) {
    const { name = kind.name, wideIo = true, link = {}, identity = {} } = options
    super({ name, wideIo, identity: { ...kind.identity, ...identity } }, kind.bridge)
    this.usePowerManagement()
    this.useMsi({ vectors: kind.vectors, maskable: true })
    this.express = this.useExpress({ ...link, type: kind.type })
    this.extended.add(errorReporting({ root: kind.type === 'rootPort' }))
    this.#pulled = this.event('card pulled', () => this.#eject())
    if (!this.express.linkBelow) return
    this.extended.add(accessControl('downstream'))
    this.cardSlot = this.#makeSlot(options.slot)
  }

  /**
   * Pulls the card without asking anybody: from now on it answers nothing and its DMA fails; it leaves the machine after
   * `linger` ticks, when what it has under way has failed. The guest hears of it by an event of the slot.
   */
  pull(linger: bigint = LINGER): void {
    const { machine } = this
    if (machine === undefined || this.bus.devices.length === 0) return
    this.cardSlot?.left()
    if (!this.#pulled.scheduled) machine.queue.schedule(this.#pulled, tickOf(machine.now + linger))
  }

  /** @throws HostbridgeError `pci.slot-number` where another port of the hierarchy has the same slot number. */
  override enterSlot(slot: PciSlot): void {
    this.#checkNumber(slot)
    super.enterSlot(slot)
    this.cardSlot?.reset()
  }

  override resetHold(): void {
    super.resetHold()
    this.#leaving = false
    this.cardSlot?.reset()
  }

  override save(): DeviceState {
    return { ...super.save(), leaving: this.#leaving, slot: this.cardSlot?.save() }
  }

  override restore(state: DeviceState): void {
    super.restore(state)
    this.#leaving = state.leaving as boolean
    if (state.slot !== undefined) this.cardSlot?.restore(state.slot as ReturnType<HotplugSlot['save']>)
  }

  /** The guest lets a card go that it knows: it is told by the attention button. */
  override onUnplugRequestBelow(device: Device): UnplugAnswer {
    const slot = this.cardSlot
    if (device.parent !== this || slot === undefined) return 'eject'
    if (!slot.hotplug) return { refuse: `'${this.name}' has a slot that nothing can leave while the machine runs` }
    if (!this.#occupied || slot.switchedOff) return 'eject'
    if (this.#leaving) return 'wait'
    if (slot.powerIndicator === 'blink')
      return { refuse: `the guest is busy with the slot of '${this.name}': its power indicator blinks` }
    if (!slot.attentionButton) return { refuse: `'${this.name}' has no attention button to tell its guest with` }
    this.#leaving = true
    slot.pressAttentionButton()
    return 'wait'
  }

  protected override onArrival(): void {
    const { machine, cardSlot } = this
    if (cardSlot === undefined || machine === undefined) return
    if (this.#occupied) cardSlot.arrived(!machine.running && machine.now === 0n)
    this.#setLink(cardSlot.linked)
  }

  protected override onDeparture(): void {
    if (this.#occupied) return
    this.#leaving = false
    this.#pulled.queue?.deschedule(this.#pulled)
    this.cardSlot?.left()
  }

  get #occupied(): boolean {
    return this.bus.function(0) !== undefined
  }

  #makeSlot(options: HotplugOptions | undefined): HotplugSlot {
    const port = this
    return new HotplugSlot(
      {
        express: this.express,
        get timeline() {
          return port.timeline
        },
        get occupied() {
          return port.#occupied
        },
        makeEvent: (key, action) => this.event(key, action),
        setLink: (up) => this.#setLink(up),
        resetCard: () => resetDevices(this.bus.devices),
        eject: () => this.#eject(),
        keep: () => this.#keep(),
        signal: (raised) => this.#signal(raised),
      },
      options,
    )
  }

  #setLink(up: boolean): void {
    for (const device of this.bus.devices) device.setPowered(up)
    this.bus.renumbered()
  }

  /** Function 0 goes last: the others are of no use without it. */
  #eject(): void {
    for (const device of [...this.bus.devices].reverse()) this.machine?.unplug(device)
  }

  #keep(): void {
    if (!this.#leaving) return
    this.#leaving = false
    for (const { device } of this.machine?.unplugRequests ?? []) {
      if (device.parent === this)
        this.machine?.refuseUnplug(device, `the guest keeps what is in the slot of '${this.name}'`)
    }
  }

  #signal(raised: boolean): void {
    if (this.msi?.enabled !== true) this.intx?.set(raised)
    else if (raised) this.msi.signal(0)
  }

  #checkNumber(slot: PciSlot): void {
    const number = this.cardSlot?.number ?? 0
    if (number === 0 || !(slot instanceof BusSlot)) return
    let root = slot.bus
    for (let above = root.above; above !== undefined; above = root.above) root = above.bus
    const other = portWithNumber(root, number)
    if (other === undefined || other === this) return
    throw new HostbridgeError(
      'pci.slot-number',
      `'${this.name}' cannot be plugged at ${slot.name}: slot number ${number} is that of '${other.name}' at ${other.slot?.name}; give it another`,
      { device: this.name, other: other.name, number },
    )
  }
}

function portWithNumber(bus: PciBus, number: number): PciDevice | undefined {
  for (const device of bus.devices) {
    if (device instanceof ExpressPort && device.cardSlot?.number === number) return device
    const behind = device.secondary === undefined ? undefined : portWithNumber(device.secondary, number)
    if (behind !== undefined) return behind
  }
  return undefined
}
