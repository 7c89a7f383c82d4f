import { HostbridgeError } from '@hostbridge/core'
import { frameOf, hex, PAGE_SHIFT } from '@hostbridge/core/address'
import {
  type AccessLetters,
  Iommu,
  IommuEvent,
  type LinearSource,
  LinearTable,
  NotifierFlag,
  permissionOf,
  type RunCursor,
} from '@hostbridge/core/iommu'
import {
  type AddressSpace,
  ContainerRegion,
  type EntryWords,
  MappingRefusedError,
  Permission,
  type PermissionBits,
  type Refusal,
  type Translation,
} from '@hostbridge/core/memory'
import { TCE_PERMISSION_MASK } from './spec/tce.ts'
import { formatWindow, type TceWindow, windowFault, windowSize } from './tce-window.ts'

/**
 * A TCE table: translation control entries in shared memory behind one logical IO bus number, for one DMA window (rules TC-1
 * to TC-12). Without a window it is disabled, translates nothing and costs nothing.
 */
export class TceTable extends Iommu {
  /** 32 bits. */
  readonly liobn: number
  override readonly target: AddressSpace
  /** The whole bus: the window lies in it while there is one (TC-3). Add it at 0 to the DMA address space. */
  readonly root: ContainerRegion
  /** This is the default window. Disabling keeps the mark, so a later window of the table still counts as it (TC-6). */
  isDefault = false
  #needVfio = false
  #window: TceWindow | undefined
  #table: LinearTable | undefined
  #entryWords: EntryWords | undefined
  #busFrame = 0
  #pageFrames = 1
  /** Events to use again; a notifier may set off another store while two are in use. */
  readonly #events: IommuEvent[] = []

  constructor(liobn: number, target: AddressSpace) {
    super(`tce-${hex(liobn)}`, 1n << BigInt(PAGE_SHIFT))
    this.liobn = liobn
    this.target = target
    this.root = new ContainerRegion(`tce-root-${hex(liobn)}`)
  }

  /** The window, while the table is enabled. */
  get window(): TceWindow | undefined {
    return this.#window
  }

  /** Pages of the window, 0 while disabled. */
  get entries(): number {
    return this.#window?.entries ?? 0
  }

  /** The table is one that VFIO follows: it has a notifier (TC-8). */
  get needVfio(): boolean {
    return this.#needVfio
  }

  override get pageShift(): number {
    return this.#window?.pageShift ?? PAGE_SHIFT
  }

  /** Of the table of the window, while there is one. */
  get entryWords(): EntryWords | undefined {
    return this.#entryWords
  }

  /**
   * Opens a window, empty unless its entries are given, and shows it on the bus.
   *
   * @throws HostbridgeError `spapr.window` for an impossible window, or on a table that has one (TC-6).
   * @throws MappingRefusedError where a listener refuses the window; the table is disabled then, as before.
   */
  enable(window: TceWindow, tces?: LinearTable): void {
    if (this.#window !== undefined) throw this.#error(`is enabled over ${formatWindow(this.#window)}: disable it first`)
    const fault = windowFault(window)
    if (fault !== undefined) throw this.#error(`cannot have this window: ${fault}`, window)
    const { busOffset, entries, pageShift } = window
    this.#window = window
    this.#table = tces ?? new LinearTable({ entries, pageShift })
    this.#entryWords = this.#table.show(this.target)
    this.#busFrame = frameOf(busOffset)
    this.#pageFrames = 2 ** (pageShift - PAGE_SHIFT)
    this.region.setSize(windowSize(window))
    try {
      this.root.add(this.region, busOffset)
    } catch (error) {
      this.disable()
      throw error
    }
  }

  /** Takes the window from the bus, then forgets its entries; nothing happens to a disabled table (TC-6). */
  disable(): void {
    if (this.#window === undefined) return
    this.root.remove(this.region)
    this.#window = undefined
    if (this.#entryWords !== undefined) this.#table?.hide(this.#entryWords)
    this.#entryWords = undefined
    this.#table = undefined
    this.#busFrame = 0
    this.#pageFrames = 1
  }

  /** Empties the table and tells nobody (TC-7): whoever resets a window closes and opens it, which everybody hears of. */
  clear(): void {
    this.#table?.fill(0, this.entries, 0, 0)
  }

  /** The index of the entry for a bus address, aligned down (HC-3); -1 outside the window (HC-4). */
  indexOf(ioba: bigint): number {
    const page = frameOf(ioba) - this.#busFrame
    const index = Math.floor(page / this.#pageFrames)
    return page >= 0 && index < this.entries ? index : -1
  }

  /** The entry as it was stored, all 64 bits. */
  entryAt(index: number): bigint {
    return this.#table?.get(index) ?? 0n
  }

  /**
   * Stores one entry, all 64 bits, and announces it: a map alone where it permits anything (TC-10), else an unmap.
   * A refusal leaves the old entry in place.
   */
  store(index: number, tce: bigint): Refusal | undefined {
    const table = this.#table
    if (table === undefined) return undefined
    const high = table.high(index)
    const low = table.low(index)
    const lacking = this.#withMemory(index, 1, () => table.put(index, tce))
    if (lacking !== undefined || !this.#isHeard) return lacking
    const change = this.#events.pop() ?? new IommuEvent()
    const undo = this.#events.pop() ?? new IommuEvent()
    this.#describe(change, index, table.high(index), table.low(index))
    this.#describe(undo, index, high, low)
    let kept = false
    try {
      const refusal = this.notify(change, undo)
      kept = refusal === undefined
      return refusal
    } finally {
      if (!kept) table.set(index, high, low)
      this.#events.push(undo, change)
    }
  }

  /** Stores `count` entries, the same in each, up to the first that somebody refuses. */
  fill(first: number, count: number, tce: bigint): Refusal | undefined {
    if (!this.#isHeard) {
      const [high, low] = [Number(tce >> 32n), Number(tce & 0xffffffffn)]
      return this.#withMemory(first, count, () => this.#table?.fill(first, count, high, low))
    }
    for (let index = first; index < first + count; index++) {
      const refusal = this.store(index, tce)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  /**
   * Maps the page at a bus address, as the guest's H_PUT_TCE would.
   *
   * @throws HostbridgeError `spapr.put` where the address is outside the window, or it or the target begins no page.
   * @throws MappingRefusedError where a notifier refuses; the old entry stays.
   */
  put(iova: bigint, mapping: { readonly to: bigint; readonly access: AccessLetters }): void {
    const page = 1n << BigInt(this.pageShift)
    if (mapping.to % page !== 0n || mapping.to < 0n || mapping.to >> 64n !== 0n) {
      throw this.#putError(iova, `target ${hex(mapping.to)} begins no page of ${hex(page)} bytes`)
    }
    this.#putEntry(iova, mapping.to | BigInt(permissionOf(mapping.access)))
  }

  /** Unmaps the page at a bus address; throws as {@link put} does. */
  unput(iova: bigint): void {
    this.#putEntry(iova, 0n)
  }

  override translate(frame: number, _access: PermissionBits, out: Translation): void {
    out.target = this.target
    if (this.#table !== undefined) {
      this.#table.translate(frame, out)
    } else {
      out.permission = Permission.none
      out.frame = 0
      out.shift = 64
    }
  }

  override runs(firstFrame: number, lastFrame: number): RunCursor {
    return this.#table?.runs(firstFrame, lastFrame) ?? NO_RUNS
  }

  override source(): LinearSource {
    return this.#table?.source() ?? { kind: 'linear', pageShift: PAGE_SHIFT, entries: 1, segments: [] }
  }

  protected override notifierFlagsChanged(_old: number, now: number): string | undefined {
    if ((now & NotifierFlag.devIotlbUnmap) !== 0) return 'a TCE table has no device IOTLB to announce'
    this.#needVfio = now !== NotifierFlag.none
    return undefined
  }

  /** Somebody hears of changes. */
  get #isHeard(): boolean {
    return this.notifierFlags !== NotifierFlag.none || this.watch !== undefined
  }

  #putEntry(iova: bigint, tce: bigint): void {
    const index = this.indexOf(iova)
    if (index < 0 || iova < 0n) throw this.#putError(iova, 'it is outside the window')
    if (iova % (1n << BigInt(this.pageShift)) !== 0n) throw this.#putError(iova, 'it begins no page')
    const refusal = this.store(index, tce)
    if (refusal !== undefined) throw new MappingRefusedError(`the put of ${hex(iova)} in '${this.name}'`, refusal)
  }

  /** Makes a change that may need memory. That there is none is a refusal: it is a guest who asks for it. */
  #withMemory(first: number, count: number, change: () => void): Refusal | undefined {
    try {
      change()
      return undefined
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      const shift = BigInt(this.pageShift)
      const reason = `there is no memory for this part of the table (${error.message})`
      return [{ iova: BigInt(first) << shift, size: BigInt(count) << shift, code: 'memory', reason }]
    }
  }

  /** Makes `event` that of an entry, given as its two halves. */
  #describe(event: IommuEvent, index: number, high: number, low: number): void {
    const frames = this.#pageFrames
    const page = high * 2 ** (32 - PAGE_SHIFT) + (low >>> PAGE_SHIFT)
    event.permission = low & TCE_PERMISSION_MASK
    const isMap = event.permission !== Permission.none
    event.type = isMap ? 'map' : 'unmap'
    event.frame = index * frames
    event.frames = frames
    event.target = isMap ? page - (page % frames) : 0
    event.shift = isMap ? this.pageShift : PAGE_SHIFT
  }

  #putError(iova: bigint, why: string): HostbridgeError {
    const where = this.#window === undefined ? 'which has no window' : `over ${formatWindow(this.#window)}`
    return new HostbridgeError('spapr.put', `${hex(iova)} cannot be put in '${this.name}', ${where}: ${why}`, {
      liobn: this.liobn,
      iova,
    })
  }

  #error(why: string, window: TceWindow | undefined = this.#window): HostbridgeError {
    return new HostbridgeError('spapr.window', `'${this.name}' ${why}`, { liobn: this.liobn, window })
  }
}

const NO_RUNS: RunCursor = { runs: new Float64Array(0), next: () => 0 }
