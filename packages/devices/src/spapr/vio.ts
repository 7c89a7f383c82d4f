import { HostbridgeError } from '@hostbridge/core'
import { MiB } from '@hostbridge/core/address'
import { Device, type DeviceState, type Machine } from '@hostbridge/core/machine'
import { type AddressSpace, alias, ContainerRegion, type MemoryRegion } from '@hostbridge/core/memory'
import type { Hypercalls } from './hypercalls.ts'
import { restoreTable, type SavedTable, saveTable } from './tce-state.ts'
import { TceTable } from './tce-table.ts'

/** The window of a virtual I/O device: 256 MiB of 4 KiB pages (QEMU's pseries machine). */
const WINDOW = { pageShift: 12, busOffset: 0n, entries: Number((256n * MiB) >> 12n) } as const

/** What lies over what in a device's DMA address space (PH-10). */
const Over = { table: 2, memory: 1 } as const

/**
 * A virtual I/O device's DMA: through a TCE table of its own, or around it to all of system memory, as the guest says with
 * `set-tce-bypass` (PH-10). Its unit number is the LIOBN (LB-1).
 */
export class VioDevice extends Device {
  /** 32 bits, bit 31 clear. */
  readonly unit: number
  readonly #hypercalls: Hypercalls
  #dma: AddressSpace | undefined
  #table: TceTable | undefined
  #around: MemoryRegion | undefined

  /** @throws HostbridgeError `spapr.vio-unit`. */
  constructor(name: string, unit: number, hypercalls: Hypercalls) {
    super(name)
    if (!Number.isInteger(unit) || unit < 0 || unit >= 2 ** 31) {
      const message = `'${name}' cannot be unit ${unit}: a unit is 0 to 0x7fffffff; LIOBNs from 0x80000000 on are of PCI`
      throw new HostbridgeError('spapr.vio-unit', message, { device: name, unit })
    }
    this.unit = unit
    this.#hypercalls = hypercalls
  }

  /** The address space of the device's DMA. @throws HostbridgeError `spapr.not-plugged`. */
  get dma(): AddressSpace {
    return this.#plugged(this.#dma)
  }

  get table(): TceTable {
    return this.#plugged(this.#table)
  }

  /** Whether DMA goes around the table. */
  get bypass(): boolean {
    return this.#around?.enabled ?? false
  }

  /** Lets DMA go around the table, or through it. */
  setBypass(bypass: boolean): void {
    const around = this.#plugged(this.#around)
    around.system?.transaction(() => {
      around.setEnabled(bypass)
      this.table.root.setEnabled(!bypass)
    })
  }

  /** Goes back to the table (PH-10), whose entries go without a word to anybody (TC-7). */
  override resetHold(): void {
    this.setBypass(false)
    this.table.clear()
  }

  override save(): DeviceState {
    return { bypass: this.bypass, table: saveTable(this.table) }
  }

  override restore(state: DeviceState): void {
    this.setBypass(state.bypass as boolean)
    restoreTable(this.table, state.table as SavedTable)
  }

  protected override onPlug(machine: Machine): void {
    this.onRelease(this.#hypercalls.attach(machine))
    const table = new TceTable(this.unit, machine.space)
    table.savedByDevice = true
    this.#hypercalls.tables.add(table)
    this.onRelease(() => this.#hypercalls.tables.delete(table))
    this.onRelease(this.#hypercalls.vio.add(this))
    const root = new ContainerRegion(`${this.name}-dma`)
    const around = alias(`${this.name} bypass`, machine.root)
    around.setEnabled(false)
    root.add(around, 0n, { priority: Over.memory })
    root.add(table.root, 0n, { priority: Over.table })
    const dma = machine.memory.createSpace(`${this.name}-dma`, root)
    this.onRelease(() => {
      table.disable()
      root.remove(around)
      machine.memory.destroySpace(dma)
      this.#dma = undefined
      this.#table = undefined
      this.#around = undefined
    })
    table.enable(WINDOW)
    this.#dma = dma
    this.#table = table
    this.#around = around
  }

  #plugged<T>(part: T | undefined): T {
    if (part !== undefined) return part
    const message = `'${this.name}' has no DMA address space: plug it into a machine first`
    throw new HostbridgeError('spapr.not-plugged', message, { device: this.name })
  }
}
