import { HostbridgeError } from '@hostbridge/core'
import { hex } from '@hostbridge/core/address'
import { MAX_TCE_ENTRIES } from './spec/tce.ts'
import type { TceTable } from './tce-table.ts'
import { type TceWindow, windowFault } from './tce-window.ts'

/** The statuses that RTAS gives for a window that cannot be made or removed (LoPAR, "RTAS status word"). */
export const WindowStatus = { success: 0, hardware: -1, parameter: -3 } as const

/** A window as a guest asks for it: 2^windowShift bytes in pages of 2^pageShift. */
export interface WindowRequest {
  readonly pageShift: number
  readonly windowShift: number
}

/** Why a request cannot be granted. */
export interface WindowRefusal {
  /** One of {@link WindowStatus}. */
  readonly status: number
  readonly reason: string
}

export interface DmaWindowsOptions {
  /** Window 0 first; all that there can be. */
  readonly tables: readonly [TceTable, ...TceTable[]]
  /** Where the default window is, and its pages. */
  readonly defaultWindow: TceWindow
  /** First bus address of a window beside the default one. */
  readonly start64: bigint
  /** The page sizes that a guest may ask for, log2 of bytes. */
  readonly pageShifts: readonly number[]
  /** The most pages that a guest may ask for in a window; what the table can hold unless told. */
  readonly maxEntries?: number
}

/**
 * The DMA windows of one host bridge: which there are, where new ones go, and what a reset brings back (rules PH-7, DW-3 to DW-8).
 */
export class DmaWindows {
  readonly tables: readonly [TceTable, ...TceTable[]]
  readonly pageShifts: readonly number[]
  readonly #defaultWindow: TceWindow
  readonly #start64: bigint
  readonly #maxEntries: number

  constructor(options: DmaWindowsOptions) {
    this.tables = options.tables
    this.pageShifts = options.pageShifts
    this.#defaultWindow = options.defaultWindow
    this.#start64 = options.start64
    this.#maxEntries = options.maxEntries ?? MAX_TCE_ENTRIES
  }

  /** The enabled tables, ascending by LIOBN. */
  get active(): readonly TceTable[] {
    return this.tables.filter((table) => table.window !== undefined)
  }

  /** Why a window cannot be made now; `undefined` where it can. Nothing changes. */
  refusalOf(request: WindowRequest): WindowRefusal | undefined {
    const { pageShift, windowShift } = request
    if (!this.pageShifts.includes(pageShift)) {
      return { status: WindowStatus.parameter, reason: `pages of 2^${pageShift} bytes are not offered` }
    }
    if (!Number.isInteger(windowShift) || windowShift < pageShift) {
      return { status: WindowStatus.parameter, reason: `a window of 2^${windowShift} bytes holds no page` }
    }
    if (this.#free === undefined) {
      return { status: WindowStatus.hardware, reason: `all ${this.tables.length} windows are in use` }
    }
    // Said before anything has changed, also of 2^32 pages and more, which 32 bits cannot count (DW-5).
    if (windowShift - pageShift > Math.log2(this.#maxEntries)) {
      return { status: WindowStatus.hardware, reason: `a window has at most ${this.#maxEntries} pages` }
    }
    const fault = windowFault(this.#windowOf(request))
    return fault === undefined ? undefined : { status: WindowStatus.hardware, reason: fault }
  }

  /**
   * Opens a window in the first free table: at the default window's address where none is open, else where 64-bit windows
   * begin (DW-4).
   *
   * @throws HostbridgeError `spapr.create-window` with the {@link WindowRefusal}.
   * @throws MappingRefusedError where a listener refuses the window; nothing has changed then.
   */
  create(request: WindowRequest): TceTable {
    const refusal = this.refusalOf(request)
    const table = this.#free
    if (refusal !== undefined || table === undefined) {
      const size = `2^${request.windowShift} bytes in pages of 2^${request.pageShift}`
      const message = `no window of ${size} can be made: ${refusal?.reason}`
      throw new HostbridgeError('spapr.create-window', message, { ...request, ...refusal })
    }
    table.enable(this.#windowOf(request))
    return table
  }

  /**
   * Closes a window. The default window comes back when the last one went and that was another (DW-7).
   *
   * @throws HostbridgeError `spapr.remove-window` unless the number is that of an open window here.
   */
  remove(liobn: number): void {
    const table = this.active.find((candidate) => candidate.liobn === liobn)
    if (table === undefined) {
      const open = this.active.map((candidate) => hex(candidate.liobn)).join(', ') || 'none'
      throw new HostbridgeError(
        'spapr.remove-window',
        `no window of LIOBN ${hex(liobn)} is open here: open are ${open}`,
        {
          liobn,
          status: WindowStatus.parameter,
        },
      )
    }
    table.disable()
    if (this.active.length === 0 && !table.isDefault) this.reset()
  }

  /** Closes all windows and opens the default one, empty; each is a step that listeners see (PH-7, DW-8). */
  reset(): void {
    for (const table of this.tables) table.disable()
    const [first] = this.tables
    first.enable(this.#defaultWindow)
    first.isDefault = true
  }

  /** Closes all windows. */
  close(): void {
    for (const table of this.tables) table.disable()
  }

  get #free(): TceTable | undefined {
    return this.tables.find((table) => table.window === undefined)
  }

  #windowOf({ pageShift, windowShift }: WindowRequest): TceWindow {
    const busOffset = this.active.length === 0 ? this.#defaultWindow.busOffset : this.#start64
    return { pageShift, busOffset, entries: 2 ** (windowShift - pageShift) }
  }
}
