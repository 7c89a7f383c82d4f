import type { UnplugAnswer } from '@hostbridge/core/machine'
import type { PciBus, PciDevice } from '../pci/index.ts'
import { DrConnector, type SavedConnector } from './dr-connector.ts'
import { CONNECTOR_BRIDGE_SHIFT, CONNECTOR_KIND_SHIFT, PCI_CONNECTOR } from './spec/connectors.ts'

/** Something that the guest is to be told of a connector. */
export interface ConnectorEvent {
  readonly action: 'add' | 'remove'
  readonly index: number
}

export interface SavedConnectors {
  readonly connectors: readonly SavedConnector[]
  readonly events: readonly ConnectorEvent[]
}

const FUNCTIONS = 8

/** The connectors of a host bridge's bus, one for each device and function number, and the events that its guest has not seen. */
export class DrConnectors {
  readonly #first: number
  readonly #bus: PciBus
  readonly #changed: (waiting: boolean) => void
  /** Those that anybody has asked for. */
  readonly #connectors = new Map<number, DrConnector>()
  readonly #events: ConnectorEvent[] = []

  /** `changed` is called when events wait, and when none does any more. */
  constructor(bridge: number, bus: PciBus, changed: (waiting: boolean) => void) {
    this.#first = ((PCI_CONNECTOR << CONNECTOR_KIND_SHIFT) | (bridge << CONNECTOR_BRIDGE_SHIFT)) >>> 0
    this.#bus = bus
    this.#changed = changed
  }

  /** What the guest has not been told yet, the oldest first. */
  get events(): readonly ConnectorEvent[] {
    return this.#events
  }

  /** The connector of an index, if it is one of this bus. */
  find(index: number): DrConnector | undefined {
    const deviceFunction = index - this.#first
    return deviceFunction >= 0 && deviceFunction <= 0xff ? this.at(deviceFunction) : undefined
  }

  /** The connector of a place: device 7..3, function 2..0. */
  at(deviceFunction: number): DrConnector {
    let connector = this.#connectors.get(deviceFunction)
    if (connector === undefined) {
      const device = (): PciDevice | undefined => this.#bus.function(deviceFunction)
      connector = new DrConnector(this.#first + deviceFunction, deviceFunction, device)
      this.#connectors.set(deviceFunction, connector)
    }
    return connector
  }

  /** A function has come: one that was composed is the guest's already, of others it is told when function 0 is there. */
  arrived(deviceFunction: number, composed: boolean): void {
    const connector = this.at(deviceFunction)
    if (composed) {
      connector.reset()
      return
    }
    if (deviceFunction % FUNCTIONS !== 0) return
    for (const other of this.#beside(deviceFunction)) this.#tell('add', other)
  }

  /** A function has left: what was to be told of it is of no interest any more. */
  left(deviceFunction: number): void {
    const connector = this.at(deviceFunction)
    connector.reset()
    this.#forget((event) => event.index === connector.index)
  }

  /** Somebody wishes that a function leaves: its guest is told, if it has taken it in. */
  wish(deviceFunction: number): UnplugAnswer {
    const connector = this.at(deviceFunction)
    const first = deviceFunction % FUNCTIONS === 0
    const beside = first ? this.#beside(deviceFunction) : []
    const staying = beside.find((other) => other !== connector && !other.leaving)
    if (staying !== undefined) {
      return { refuse: `'${staying.device?.name}' is still there: wish for functions other than 0 first` }
    }
    if (connector.leaving) return 'wait'
    for (const other of [...beside].reverse()) if (other.state !== 'isolated') this.#tell('remove', other)
    if (connector.state === 'isolated') return 'eject'
    connector.leaving = true
    return 'wait'
  }

  /** Takes the oldest event. */
  take(): ConnectorEvent | undefined {
    const event = this.#events.shift()
    if (event !== undefined && this.#events.length === 0) this.#changed(false)
    return event
  }

  reset(): void {
    for (const connector of this.#connectors.values()) connector.reset()
    this.#forget(() => true)
  }

  save(): SavedConnectors {
    const connectors = Array.from(this.#connectors.values(), (connector) => connector.save())
    return { connectors: connectors.sort((a, b) => a.deviceFunction - b.deviceFunction), events: [...this.#events] }
  }

  restore({ connectors, events }: SavedConnectors): void {
    this.#connectors.clear()
    for (const saved of connectors) this.at(saved.deviceFunction).restore(saved)
    this.#events.splice(0, this.#events.length, ...events)
  }

  /** Connectors of a device that have a function, function 0 first. */
  #beside(deviceFunction: number): DrConnector[] {
    const first = deviceFunction - (deviceFunction % FUNCTIONS)
    const all = Array.from({ length: FUNCTIONS }, (_, index) => this.at(first + index))
    return all.filter(({ device }) => device !== undefined)
  }

  #tell(action: ConnectorEvent['action'], { index }: DrConnector): void {
    this.#events.push({ action, index })
    if (this.#events.length === 1) this.#changed(true)
  }

  #forget(which: (event: ConnectorEvent) => boolean): void {
    const before = this.#events.length
    const kept = this.#events.filter((event) => !which(event))
    this.#events.splice(0, before, ...kept)
    if (before > 0 && kept.length === 0) this.#changed(false)
  }
}
