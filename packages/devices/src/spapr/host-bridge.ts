import { HostbridgeError } from '@hostbridge/core'
import {
  Device,
  type DeviceState,
  type InterruptLine,
  type Machine,
  type RestoreStage,
  type UnplugAnswer,
} from '@hostbridge/core/machine'
import { type AddressSpace, ContainerRegion, MappingRefusedError } from '@hostbridge/core/memory'
import { BusSlot, INTX_WIRES, PciBus, type PciDevice } from '../pci/index.ts'
import type { FirmwareBridge } from './bridge-table.ts'
import { BridgeWindows, type BridgeWindowsOptions } from './bridge-windows.ts'
import { bridgeProperties } from './device-tree.ts'
import { DmaWindows, type WindowRequest } from './dma-windows.ts'
import { DrConnectors, type SavedConnectors } from './dr-connectors.ts'
import { functionsBelow } from './functions-below.ts'
import { Hypercalls } from './hypercalls.ts'
import { MsiWindow } from './msi-window.ts'
import type { MsiGrant } from './rtas-msi.ts'
import {
  DEFAULT_WINDOW,
  FIRST_BUID,
  LAST_HOST_BRIDGE,
  MSI_WINDOW,
  pciLiobn,
  WINDOW_64_START,
  WINDOWS_PER_BRIDGE,
} from './spec/host-bridge.ts'
import { FIRST_LSI } from './spec/rtas.ts'
import { TCE_PAGE_SHIFTS } from './spec/tce.ts'
import { restoreTable, type SavedTable, saveTable } from './tce-state.ts'
import { TceTable } from './tce-table.ts'

export interface SpaprHostBridgeOptions extends BridgeWindowsOptions {
  /** 0 to 30; no two bridges of a machine have the same (PH-1). */
  readonly index: number
  /** Shared by the bridges of a machine; the bridge's own unless told. */
  readonly hypercalls?: Hypercalls
  /** The default DMA window on the bus; 1 GiB from 0 unless told (PH-6). */
  readonly window?: { readonly start?: bigint; readonly size?: bigint }
  /** First bus address of a window beside the default one; 0x800000000000000 unless told. */
  readonly window64Start?: bigint
  /** Whether there may be a window beside the default one; there may unless told (`ddw`). */
  readonly dynamicWindows?: boolean
  /** Whether functions that come and go while the machine runs do so through connectors, which its guest works (`dr`); they do unless told. */
  readonly connectors?: boolean
  /** log2 of the page sizes that a guest may ask for; 12, 16, 21 and 24 unless told. */
  readonly pageShifts?: readonly number[]
  /** The most pages that a guest may ask for in a window, 2^32 - 1 unless told; each costs 8 bytes once it is mapped. */
  readonly maxWindowEntries?: number
}

interface Parts {
  readonly dma: AddressSpace
  readonly bus: PciBus
  readonly windows: DmaWindows
  readonly addresses: BridgeWindows
  readonly connectors: DrConnectors | undefined
}

/**
 * A pseries PCI host bridge: a bus whose DMA goes through TCE tables, and through nothing else (rules PH-1 to PH-9).
 *
 * Bus, DMA windows and DMA address space exist while it is plugged.
 */
export class SpaprHostBridge extends Device implements FirmwareBridge {
  readonly index: number
  /** The bus unit id, which RTAS calls name the bridge by (PH-1). */
  readonly buid: bigint
  readonly hypercalls: Hypercalls
  /** Interrupts that functions signal by writing to the MSI window. */
  readonly msi: MsiWindow = new MsiWindow()
  /** The four interrupt wires of the bus. */
  readonly wires: readonly InterruptLine[]
  /** Up while the guest has not seen all events of the connectors; it asks for them with `check-exception`. */
  readonly hotplug: InterruptLine = this.interruptLine('hotplug')
  readonly dynamicWindows: boolean
  readonly #options: SpaprHostBridgeOptions
  #parts: Parts | undefined

  /** @throws HostbridgeError `spapr.index`, `spapr.page-shifts`. */
  constructor(options: SpaprHostBridgeOptions) {
    super(`phb${options.index}`)
    if (!Number.isInteger(options.index) || options.index < 0 || options.index > LAST_HOST_BRIDGE) {
      const message = `a host bridge cannot have index ${options.index}: it is 0 to ${LAST_HOST_BRIDGE}`
      throw new HostbridgeError('spapr.index', message, { index: options.index })
    }
    const strange = options.pageShifts?.find((shift) => !TCE_PAGE_SHIFTS.includes(shift))
    if (strange !== undefined) {
      const message = `'${this.name}' cannot offer pages of 2^${strange} bytes: a page shift is one of ${TCE_PAGE_SHIFTS.join(', ')}`
      throw new HostbridgeError('spapr.page-shifts', message, { bridge: this.name, pageShift: strange })
    }
    this.index = options.index
    this.buid = FIRST_BUID + BigInt(options.index)
    this.hypercalls = options.hypercalls ?? new Hypercalls()
    this.wires = Array.from({ length: INTX_WIRES }, (_, wire) => this.interruptLine(`int${'abcd'[wire]}`))
    this.dynamicWindows = options.dynamicWindows ?? true
    this.#options = options
  }

  /** The address space that every function of the bus does its DMA in (PH-4, PH-5). */
  get dma(): AddressSpace {
    return this.#plugged.dma
  }

  get bus(): PciBus {
    return this.#plugged.bus
  }

  /** The addresses of the bus, and where system memory shows them. */
  get addresses(): BridgeWindows {
    return this.#plugged.addresses
  }

  get windows(): DmaWindows {
    return this.#plugged.windows
  }

  get connectors(): DrConnectors | undefined {
    return this.#plugged.connectors
  }

  /** The table of the default 32-bit window. */
  get window(): TceTable {
    return this.#plugged.windows.tables[0]
  }

  /** The table of the window beside the default one; `undefined` while it is not open. */
  get window64(): TceTable | undefined {
    const table = this.#plugged.windows.tables[1]
    return table?.window === undefined ? undefined : table
  }

  /** The interrupt number of a wire, 0 to 3. */
  interruptNumber(wire: number): number {
    return FIRST_LSI + this.index * INTX_WIRES + wire
  }

  /** The properties of the bridge's device tree node, as 32-bit cells (PH-9). */
  get properties(): ReadonlyMap<string, readonly number[]> {
    const { addresses, window, dynamicWindows } = this
    return bridgeProperties({ windows: addresses.all, table: window, dynamicWindows })
  }

  /** Opens a DMA window beside those that are open; see {@link DmaWindows.create}. */
  createWindow(request: WindowRequest): TceTable {
    return this.windows.create(request)
  }

  /** Closes a DMA window; see {@link DmaWindows.remove}. */
  removeWindow(table: TceTable): void {
    this.windows.remove(table.liobn)
  }

  /** Plugs a function at an address such as `00:01.0` and returns it; see {@link PciBus.plug}. */
  plug<D extends PciDevice>(address: string, device: D): D {
    return this.bus.plug(address, device)
  }

  unplug(device: PciDevice): void {
    this.bus.unplug(device)
  }

  /** Brings the windows back to the default one, empty (PH-7). A listener that cannot take it leaves the bus without. */
  override resetHold(): void {
    try {
      this.windows.reset()
    } catch (error) {
      if (!(error instanceof MappingRefusedError)) throw error
      this.machine?.guestError({ code: 'spapr.window-refused', message: error.message, device: this })
    }
  }

  override resetEnter(): void {
    this.connectors?.reset()
  }

  /** A guest that has taken a function in lets it go by its connector. */
  override onUnplugRequestBelow(device: Device): UnplugAnswer {
    const { slot } = device as Partial<PciDevice>
    if (device.parent !== this || !(slot instanceof BusSlot)) return 'eject'
    return this.connectors?.wish(slot.deviceFunction) ?? 'eject'
  }

  /** What sits on its bus follows its tables. */
  override get restoreStage(): RestoreStage {
    return 'iommu'
  }

  /** Interrupt numbers go back when all functions have been reset (PH-7). */
  override resetExit(): void {
    for (const device of functionsBelow(this.bus)) this.hypercalls.messages.release(device)
  }

  override save(): DeviceState {
    const grants: [path: string, MsiGrant][] = []
    for (const device of functionsBelow(this.bus)) {
      const grant = this.hypercalls.messages.of(device)
      if (grant !== undefined) grants.push([device.path, grant])
    }
    return { windows: this.windows.tables.map(saveTable), grants, connectors: this.connectors?.save() }
  }

  /** @throws HostbridgeError `spapr.state` for the state of a bridge with other windows (TC-12). */
  override restore(state: DeviceState): void {
    const saved = state.windows as readonly SavedTable[]
    const { tables } = this.windows
    if (saved.length !== tables.length) {
      const message = `'${this.name}' has ${tables.length} windows and the state ${saved.length}: plug the same bridge`
      throw new HostbridgeError('spapr.state', message, { windows: tables.length, saved: saved.length })
    }
    this.windows.close()
    this.bus.wires.restore()
    if (state.connectors !== undefined) this.connectors?.restore(state.connectors as SavedConnectors)
    // All are free before one is taken: the saved ones may overlap with those that others have now.
    for (const device of functionsBelow(this.bus)) this.hypercalls.messages.release(device)
    for (const device of functionsBelow(this.bus)) {
      const [, grant] = (state.grants as readonly [string, MsiGrant][]).find(([path]) => path === device.path) ?? []
      if (grant !== undefined) this.hypercalls.messages.restore(device, grant)
    }
    for (const [window, table] of tables.entries()) restoreTable(table, saved[window] as SavedTable)
  }

  protected override onPlug(machine: Machine): void {
    this.onRelease(this.hypercalls.attach(machine))
    this.onRelease(this.hypercalls.bridges.add(this))
    // What is given here first is let go last (PH-8).
    const addresses = new BridgeWindows(this.name, this.index, this.#options)
    addresses.map(machine)
    const tables = this.#tables(machine)
    for (const table of tables) {
      this.hypercalls.tables.add(table)
      this.onRelease(() => this.hypercalls.tables.delete(table))
    }
    const root = new ContainerRegion(`${this.name}-dma`).ownedBy(this)
    const messages = this.msi.makeRegion(`${this.name}-msi`)
    root.add(messages, MSI_WINDOW.start)
    for (const table of tables) root.add(table.root, 0n)
    const dma = machine.memory.createSpace(`${this.name}-dma`, root)
    this.onRelease(() => {
      root.remove(messages)
      for (const listener of machine.memory.listeners) dma.unregister(listener)
      machine.memory.destroySpace(dma)
    })
    const windows = this.#windows(tables)
    this.onRelease(() => {
      windows.close()
      this.#parts = undefined
    })
    const { memory, io } = addresses
    const interrupt = (wire: number, raised: boolean): void => this.wires[wire]?.set(raised)
    const composed = (): boolean => !machine.running && machine.now === 0n
    const bus: PciBus = new PciBus({
      name: this.name,
      bridge: this,
      dma,
      memory,
      io,
      zeroAllowed: true,
      interrupt,
      arrived: (_device, deviceFunction) => connectors?.arrived(deviceFunction, composed()),
      left: (_device, deviceFunction) => connectors?.left(deviceFunction),
    })
    const connectors =
      this.#options.connectors === false
        ? undefined
        : new DrConnectors(this.index, bus, (waiting) => this.hotplug.set(waiting))
    this.#parts = { dma, windows, bus, addresses, connectors }
    windows.reset()
  }

  get #plugged(): Parts {
    if (this.#parts !== undefined) return this.#parts
    const message = `'${this.name}' has no bus and no windows: plug it into a machine first`
    throw new HostbridgeError('spapr.not-plugged', message, { index: this.index })
  }

  #tables(machine: Machine): [TceTable, ...TceTable[]] {
    const make = (window: number): TceTable => new TceTable(pciLiobn(this.index, window), machine.space)
    const table = (window: number): TceTable => Object.assign(make(window), { savedByDevice: true })
    return !this.dynamicWindows
      ? [table(0)]
      : [table(0), ...Array.from({ length: WINDOWS_PER_BRIDGE - 1 }, (_, more) => table(more + 1))]
  }

  #windows(tables: [TceTable, ...TceTable[]]): DmaWindows {
    const { start = DEFAULT_WINDOW.start, size = DEFAULT_WINDOW.size } = this.#options.window ?? {}
    const { pageShift } = DEFAULT_WINDOW
    const { maxWindowEntries: maxEntries } = this.#options
    return new DmaWindows({
      tables,
      defaultWindow: { pageShift, busOffset: start, entries: Number(size >> BigInt(pageShift)) },
      start64: this.#options.window64Start ?? WINDOW_64_START,
      pageShifts: this.#options.pageShifts ?? TCE_PAGE_SHIFTS,
      ...(maxEntries !== undefined && { maxEntries }),
    })
  }
}
