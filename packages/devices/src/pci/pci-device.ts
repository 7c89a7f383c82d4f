// Long because it is the one place where a function's parts (registers, BARs, messages, DMA, hotplug state) are put together.
import { HostbridgeError } from '@hostbridge/core'
import { hex } from '@hostbridge/core/address'
import { Device, type DeviceState, type DmaFault, type Machine } from '@hostbridge/core/machine'
import { MemTx, type MemTxAttrs, type MemTxResult, NO_ATTRS, Permission } from '@hostbridge/core/memory'
import { Bars } from './bars.ts'
import { BusMaster } from './bus-master.ts'
import { CapabilityList } from './capability-list.ts'
import { ConfigSpace, type SavedConfig } from './config-space.ts'
import { ExpressCapability, type ExpressOptions } from './express-capability.ts'
import { ExtendedCapabilityList } from './extended-capability-list.ts'
import { defineHeader, type PciIdentity } from './identity.ts'
import { IntxPin } from './intx-pin.ts'
import type { MessagePort } from './message-port.ts'
import { MsiCapability, type MsiOptions } from './msi.ts'
import { MsixCapability, type MsixOptions, type SavedMsix } from './msix.ts'
import type { PciBus } from './pci-bus.ts'
import { PowerManagementCapability } from './power-management.ts'
import type { PciSlot } from './slot.ts'
import { FIRST_BAR, ROM_BAR } from './spec/bar.ts'
import { CONFIG_SIZE, Command, EXPRESS_CONFIG_SIZE, Header } from './spec/header.ts'

/** What a function's configuration is saved as. */
interface SavedFunction {
  readonly config: SavedConfig
  readonly msix?: SavedMsix
  readonly asserted: boolean
}

/**
 * A PCI function: a device in a slot of a bus, with configuration space, BARs, interrupts, and DMA through that bus.
 *
 * A bus puts it into its slot before `onPlug` runs, so that `onPlug` can attach to the slot's DMA address space; what it
 * throws reaches whoever plugs, and the slot is empty again. It comes up as after a reset.
 */
export abstract class PciDevice extends Device implements MessagePort {
  readonly config: ConfigSpace
  readonly capabilities: CapabilityList
  /** Empty, and without room, where the function is no PCI Express one. */
  readonly extended: ExtendedCapabilityList
  readonly bars: Bars
  /** Its interrupt pin, if it has one. */
  readonly intx: IntxPin | undefined
  readonly #pin: number
  #slot: PciSlot | undefined
  #attrs: MemTxAttrs = NO_ATTRS
  #master: BusMaster | undefined
  #msi: MsiCapability | undefined
  #msix: MsixCapability | undefined
  #power: PowerManagementCapability | undefined
  #disconnectPin: (() => void) | undefined
  #powered = true

  constructor(name: string, identity: PciIdentity = {}) {
    super(name)
    this.config = new ConfigSpace(identity.express === true ? EXPRESS_CONFIG_SIZE : CONFIG_SIZE)
    defineHeader(this.config, identity)
    this.capabilities = new CapabilityList(name, this.config)
    this.extended = new ExtendedCapabilityList(name, this.config)
    this.bars = new Bars(this, this.config)
    this.#pin = identity.interruptPin ?? 0
    this.intx = this.#pin === 0 ? undefined : new IntxPin(this.config, this.interruptLine('intx'))
    const rom = identity.layout === 'bridge' ? ROM_BAR.bridge : ROM_BAR.function
    const bars = identity.layout === 'bridge' ? 8 : 24
    this.config.watch(Header.command.offset, 2, () => this.#decode())
    this.config.watch(FIRST_BAR, bars, () => this.#moveBars())
    this.config.watch(rom, 4, () => this.#moveBars())
  }

  /** Where the function sits, while it sits anywhere. */
  get slot(): PciSlot | undefined {
    return this.#slot
  }

  /** The machine whose time the function lives in: its own, or of whoever a host has passed it to. */
  get timeline(): Machine | undefined {
    return this.machine ?? this.#slot?.machine
  }

  /** Whether its slot gives it power: without, no configuration request is answered. */
  get powered(): boolean {
    return this.#powered
  }

  /** Whether it has power and the guest has not put it to sleep: otherwise it decodes no addresses and does no DMA. */
  get awake(): boolean {
    return this.#powered && (this.#power?.powered ?? true)
  }

  /** The bus behind the function, if it is a bridge. */
  get secondary(): PciBus | undefined {
    return undefined
  }

  get msi(): MsiCapability | undefined {
    return this.#msi
  }

  get msix(): MsixCapability | undefined {
    return this.#msix
  }

  /** Puts the function into a slot, as after a reset; only a bus does this. @throws HostbridgeError `pci.already-plugged`. */
  enterSlot(slot: PciSlot): void {
    if (this.#slot !== undefined) {
      throw new HostbridgeError(
        'pci.already-plugged',
        `'${this.name}' cannot be plugged at ${slot.name}: it is at ${this.#slot.name}; unplug it there first`,
        { device: this.name, slot: slot.name, taken: this.#slot.name },
      )
    }
    this.#resetConfig()
    this.bars.attach(slot.windows)
    this.#slot = slot
    this.#master = new BusMaster(slot.name, slot.dma)
    this.#decode()
    if (this.#pin !== 0) {
      this.#disconnectPin = slot.connectPin?.(this.#pin, this.interrupts.get('intx') as never)
    }
  }

  /** Takes the function out of its slot, if that is where it is; only a bus does this. */
  leaveSlot(slot: PciSlot): void {
    if (this.#slot !== slot) return
    this.#disconnectPin?.()
    this.bars.attach(undefined)
    this.#master?.close()
    this.#master = undefined
    this.#slot = undefined
    this.#powered = true
    this.#attrs = NO_ATTRS
  }

  /** Gives the function power, or takes it; only its slot's controller does this, and resets it. */
  setPowered(powered: boolean): void {
    this.#powered = powered
    this.intx?.setConnected(powered)
    this.#decode()
  }

  /**
   * Reads guest memory as the function's DMA does; bytes that cannot be read are 0. A failure is in {@link faults}. What the
   * access says about itself besides `given` is whose it is.
   *
   * @throws HostbridgeError `pci.not-plugged`.
   */
  dmaRead(iova: bigint, into: Uint8Array, given?: MemTxAttrs): MemTxResult {
    const master = this.#plugged('read', iova)
    const attrs = this.#attributes(given)
    this.#trace('read', iova, into.length)
    const result = master.space.read(iova, into, attrs)
    if (result !== MemTx.ok) this.#fail(master, 'read', iova, into.length, result, attrs)
    return result
  }

  /** Writes guest memory as {@link dmaRead} reads it; bytes that cannot be written are dropped. */
  dmaWrite(iova: bigint, from: Uint8Array, given?: MemTxAttrs): MemTxResult {
    const master = this.#plugged('write', iova)
    const attrs = this.#attributes(given)
    this.#trace('write', iova, from.length)
    const result = master.space.write(iova, from, attrs)
    if (result !== MemTx.ok) this.#fail(master, 'write', iova, from.length, result, attrs)
    return result
  }

  /** Stores a message signaled interrupt; what fails is in {@link faults}. Out of a slot nothing happens. */
  message(address: bigint, data: number): void {
    const master = this.#master
    if (master === undefined) return
    if (this.#slot?.deliver !== undefined) {
      this.#slot.deliver(address, data)
      return
    }
    const attrs = this.#attributes()
    const result = master.message(address, data, attrs)
    if (result !== MemTx.ok) this.#fail(master, 'write', address, 4, result, attrs)
  }

  override recordFault(fault: Omit<DmaFault, 'time'>): DmaFault {
    if (this.machine !== undefined) return super.recordFault(fault)
    const machine = this.timeline
    const record: DmaFault = { ...fault, time: machine?.now ?? 0n }
    this.faults.record(record)
    machine?.events.emit('fault', this, record)
    return record
  }

  /** Configuration space goes back to its values after a reset; a subclass that overrides this calls it. */
  override resetHold(): void {
    this.#resetConfig()
  }

  override save(): DeviceState {
    const saved: SavedFunction = {
      config: this.config.save(),
      asserted: this.intx?.asserted ?? false,
      ...(this.#msix && { msix: this.#msix.save() }),
    }
    return { pci: saved }
  }

  override restore(state: DeviceState): void {
    const saved = state.pci as SavedFunction
    this.intx?.restore(saved.asserted)
    if (saved.msix !== undefined) this.#msix?.restore(saved.msix)
    this.config.restore(saved.config)
  }

  /** Gives the function message signaled interrupts. */
  protected useMsi(options?: MsiOptions): MsiCapability {
    this.#msi = new MsiCapability(this, options)
    return this.#msi
  }

  /** Gives the function MSI-X, whose tables become part of the region of a BAR. */
  protected useMsix(options: MsixOptions): MsixCapability {
    this.#msix = new MsixCapability(this, options)
    return this.#msix
  }

  /** Gives a PCI Express function its capability. */
  protected useExpress(options?: ExpressOptions): ExpressCapability {
    return new ExpressCapability(this, options)
  }

  /** Lets a guest put the function to sleep: then it decodes no addresses and does no DMA. */
  protected usePowerManagement(): PowerManagementCapability {
    this.#power = new PowerManagementCapability(this, () => this.#decode())
    return this.#power
  }

  #resetConfig(): void {
    this.intx?.set(false)
    this.#msix?.reset()
    this.config.reset()
  }

  /** Follows what {@link awake} and the command register have become; for bridges. */
  protected onDecode(): void {}

  /** Follows the command register and the power state. */
  #decode(): void {
    const powered = this.awake
    this.onDecode()
    this.#master?.setEnabled(powered && (this.config.read(Header.command.offset, 2) & Command.busMaster) !== 0)
    this.bars.setPowered(powered)
    this.#moveBars()
  }

  #moveBars(): void {
    const refused = this.bars.updateForGuest()
    if (refused === undefined) return
    this.timeline?.guestError({ code: 'pci.bar-refused', message: refused.message, device: this })
  }

  #attributes(given?: MemTxAttrs): MemTxAttrs {
    const requester = this.#slot?.requester
    if (given !== undefined && requester !== undefined) return { ...given, requester }
    if (requester !== undefined && this.#attrs.requester !== requester) this.#attrs = { requester }
    return this.#attrs
  }

  #trace(access: 'read' | 'write', iova: bigint, bytes: number): void {
    const machine = this.timeline
    if (machine?.trace === undefined) return
    const facts = { iova: hex(iova), bytes }
    machine.trace.add({ time: machine.queue.now, category: 'dma', device: this.path, name: access, facts })
  }

  #plugged(access: 'read' | 'write', iova: bigint): BusMaster {
    if (this.#master !== undefined) return this.#master
    throw new HostbridgeError(
      'pci.not-plugged',
      `'${this.name}' has no bus to ${access} memory through: plug it first`,
      {
        device: this.name,
        access,
        iova,
      },
    )
  }

  #fail(
    master: BusMaster,
    access: 'read' | 'write',
    iova: bigint,
    length: number,
    result: MemTxResult,
    attrs: MemTxAttrs,
  ): void {
    const wanted = access === 'read' ? Permission.read : Permission.write
    const fault = master.enabled ? master.space.explain(iova, length, wanted, attrs) : undefined
    const silent = this.awake
      ? 'it may not be a bus master: command.bus-master is 0'
      : `it is ${this.#powered ? 'in a power state other than D0' : 'cut off: its slot gives it no link'}`
    const reason = master.enabled ? `the target answered with result ${result}` : silent
    this.recordFault({
      requester: this.#slot?.requester ?? 0,
      iova: fault?.address ?? iova,
      access,
      reason: fault?.reason ?? reason,
    })
  }
}
