import { HostbridgeError } from '@hostbridge/core'
import type { ReplayResult } from '@hostbridge/core/iommu'
import type { DeviceState, FaultLog, Machine } from '@hostbridge/core/machine'
import type { MemTxAttrs, MemTxResult } from '@hostbridge/core/memory'
import type { SimEvent } from '@hostbridge/core/time'
import {
  CONFIG_SIZE,
  Command,
  EXPRESS_CONFIG_SIZE,
  EXTENDED_START,
  Header,
  PciDevice,
  type PciIdentity,
  Type0,
} from '../pci/index.ts'
import { CardBar } from './card-bar.ts'
import type { Container } from './container.ts'
import { HostSlot } from './host-slot.ts'

export interface VfioPciOptions {
  /** For messages; `vfio` and the card's name unless told. */
  readonly name?: string
  /**
   * Whether what the guest has mapped already is replayed into the host's table; it is, unless told. `false` shows what
   * emulators did until 2015: a card that is plugged late finds none of it, and its DMA faults.
   */
  readonly replay?: boolean
}

const NOT_PLUGGED: ReplayResult = { events: 0, bytes: 0n, failures: [] }

/**
 * A card of a host, passed through to a guest: it sits in a slot of the guest's bus, and its DMA goes through the host's table,
 * which a container fills with what the guest maps. Its registers appear where the guest points the BARs, its capabilities are
 * the card's own, and its messages become those of the guest's bus.
 *
 * Plugging it throws one `PlugRefusedError` where the host cannot map all of that; then it is not plugged, and the
 * host is as before.
 */
export class VfioPciDevice extends PciDevice {
  readonly card: PciDevice
  /** The card's: its DMA is what fails. */
  override readonly faults: FaultLog
  readonly #withReplay: boolean
  readonly #cardBars: readonly CardBar[]
  #replay: ReplayResult = NOT_PLUGGED

  constructor(card: PciDevice, options: VfioPciOptions = {}) {
    super(options.name ?? `vfio ${card.name}`, identityOf(card))
    this.card = card
    this.faults = card.faults
    this.#withReplay = options.replay ?? true
    for (const name of card.interrupts.keys()) if (!this.interrupts.has(name)) this.interruptLine(name)
    const { command } = Header
    this.config.watch(command.offset, command.size, () =>
      card.config.write(command.offset, 2, this.config.get(command)),
    )
    this.#showCapabilities()
    this.#cardBars = Array.from(card.bars.all, ([index, bar]) => {
      const cardBar = new CardBar(`${this.name} bar${index}`, bar)
      this.bars.add(index, { kind: bar.kind, prefetchable: bar.prefetchable, region: cardBar.region })
      return cardBar
    })
  }

  /** What its last plug mapped; nothing where it joined a container that others were in (CT-3). */
  get replay(): ReplayResult {
    return this.#replay
  }

  /** The container that the card is in, while it is plugged. */
  get container(): Container | undefined {
    return this.machine === undefined ? undefined : this.#hostSlot.container
  }

  override dmaRead(iova: bigint, into: Uint8Array, given?: MemTxAttrs): MemTxResult {
    return this.card.dmaRead(iova, into, given)
  }

  override dmaWrite(iova: bigint, from: Uint8Array, given?: MemTxAttrs): MemTxResult {
    return this.card.dmaWrite(iova, from, given)
  }

  override resetEnter(): void {
    this.card.resetEnter()
  }

  override resetHold(): void {
    super.resetHold()
    this.card.resetHold()
    for (const line of this.card.interrupts.values()) line.lower()
  }

  override resetExit(): void {
    this.card.resetExit()
  }

  /** The card's too: while it is passed through, they wait in the guest's machine. */
  override forEachEvent(visit: (event: SimEvent, key: string) => void): void {
    super.forEachEvent(visit)
    this.card.forEachEvent(visit)
  }

  override save(): DeviceState {
    const raised = [...this.card.interrupts.values()].filter((line) => line.raised).map((line) => line.name)
    return { ...super.save(), card: this.card.save(), raised }
  }

  /** What the guest has mapped is not part of the state: its tables are restored before, and replayed here. */
  override restore(state: DeviceState): void {
    this.container?.rebuild(this.name)
    super.restore(state)
    for (const line of this.card.interrupts.values()) line.restore((state.raised as string[]).includes(line.name))
    this.card.restore(state.card as DeviceState)
  }

  /** Maps first: the card is the guest's only when its mappings are there. */
  protected override onPlug(machine: Machine): void {
    const { slot } = this
    if (slot === undefined) {
      const message = `'${this.name}' sits on no bus that its DMA could go through: plug it into a bus`
      throw new HostbridgeError('vfio.no-bus', message, { device: this.name })
    }
    const host = this.#hostSlot
    const unbind = slot.bindHost?.({ name: host.name })
    if (unbind !== undefined) this.onRelease(unbind)
    const message = (address: bigint, data: number): void => this.message(address, data)
    this.#replay = host.assign({ device: this.name, machine, space: slot.dma, replay: this.#withReplay, message })
    this.onRelease(() => host.release())
    for (const bar of this.#cardBars) {
      bar.open(host.system)
      this.onRelease(() => bar.close())
    }
    for (const [name, line] of this.card.interrupts) {
      this.onRelease(line.connect((raised) => this.interrupts.get(name)?.set(raised)))
    }
  }

  /** The card is reset before its mappings go, so that no transfer meets their end. */
  protected override onUnplug(): void {
    this.resetEnter()
    this.resetHold()
    this.resetExit()
  }

  /** The guest's accesses to the card's capabilities are the card's; they lie where they lie there, so that the chain is the same. */
  #showCapabilities(): void {
    const { config, capabilities } = this.card
    for (const { id, offset, length } of capabilities.entries) {
      this.capabilities.add(id, length, offset)
      this.config.forward(offset, length, config)
    }
    if (config.size > CONFIG_SIZE) this.config.forward(EXTENDED_START, config.size - EXTENDED_START, config)
  }

  get #hostSlot(): HostSlot {
    const { slot } = this.card
    if (slot instanceof HostSlot) return slot
    throw new HostbridgeError(
      'vfio.no-host',
      `'${this.name}' cannot pass '${this.card.name}' through: it is in no host; plug it into one first`,
      { device: this.name, card: this.card.name },
    )
  }
}

/** The guest sees the header of the card, and is a bus master with it. */
function identityOf({ config }: PciDevice): PciIdentity {
  return {
    vendor: config.get(Header.vendor),
    device: config.get(Header.device),
    revision: config.get(Header.revision),
    classCode: config.get(Header.classCode),
    subsystemVendor: config.get(Type0.subsystemVendor),
    subsystem: config.get(Type0.subsystem),
    interruptPin: config.get(Header.interruptPin),
    express: config.size === EXPRESS_CONFIG_SIZE,
    busMaster: (config.get(Header.command) & Command.busMaster) !== 0,
  }
}
