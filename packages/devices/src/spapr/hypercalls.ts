import { HostbridgeError } from '@hostbridge/core'
import type { Machine } from '@hostbridge/core/machine'
import { MappingRefusedError, type Refusal } from '@hostbridge/core/memory'
import { BridgeTable } from './bridge-table.ts'
import { InterruptNumbers } from './interrupt-numbers.ts'
import { LiobnTable } from './liobn-table.ts'
import { Rtas } from './rtas.ts'
import { offerConfigCalls } from './rtas-config.ts'
import { offerConnectorCalls } from './rtas-connectors.ts'
import { offerDmaWindowCalls } from './rtas-dma-windows.ts'
import { MsiGrants, offerMsiCalls } from './rtas-msi.ts'
import { offerVioCalls } from './rtas-vio.ts'
import { Hcall, HcallStatus, INDIRECT_LIMIT, TCE_LIST_BYTES } from './spec/hypercalls.ts'
import type { TceTable } from './tce-table.ts'
import { VioTable } from './vio-table.ts'

/** What a hypercall leaves in the guest's registers: r3, and r4 and the following as far as it writes them. */
export interface HcallResult {
  readonly status: number
  readonly values: readonly bigint[]
}

export interface HypercallOptions {
  /**
   * The most entries that one H_STUFF_TCE may store, beside the window's own size (HC-7); 2^20 by default. A window may have
   * 2^32 entries, and a guest asks for at most 512 at a time.
   */
  readonly stuffLimit?: number
}

type Handler = (args: readonly bigint[]) => HcallResult

/**
 * The hypercalls of a pseries machine that deal with TCEs (rules HC-1 to HC-11), and the firmware calls behind H_RTAS.
 *
 * A guest's mistakes come back as its status. A mapping that a notifier refuses comes back as H_HARDWARE with the old
 * entry in place, and the machine's `guest-error` event carries the reason. Several host bridges of a machine share one of these.
 */
export class Hypercalls {
  readonly tables: LiobnTable = new LiobnTable()
  readonly vio: VioTable = new VioTable()
  readonly bridges: BridgeTable = new BridgeTable()
  /** The interrupt numbers that guests have been given for messages. */
  readonly messages: MsiGrants = new MsiGrants(new InterruptNumbers())
  readonly rtas: Rtas
  readonly #stuffLimit: number
  readonly #handlers: ReadonlyMap<number, Handler>
  #machine: Machine | undefined
  #users = 0

  constructor(options: HypercallOptions = {}) {
    this.#stuffLimit = options.stuffLimit ?? 2 ** 20
    this.rtas = new Rtas(() => this.#machine?.space)
    offerConfigCalls(this.rtas, this.bridges)
    offerVioCalls(this.rtas, this.vio)
    offerMsiCalls(this.rtas, this.bridges, this.messages)
    offerConnectorCalls(this.rtas, this.bridges, () => this.#machine?.space)
    offerDmaWindowCalls(this.rtas, this.bridges, (call, { message }) => {
      this.#machine?.guestError({ code: 'spapr.window-refused', message: `${call}: ${message}` })
    })
    this.#handlers = new Map<number, Handler>([
      [Hcall.rtas, ([buffer = 0n]) => only(this.rtas.hcall(buffer))],
      [Hcall.getTce, ([liobn, ioba]) => this.#get(liobn, ioba)],
      [Hcall.putTce, ([liobn = 0n, ioba = 0n, tce = 0n]) => only(this.putTce(liobn, ioba, tce))],
      [Hcall.stuffTce, ([liobn = 0n, ioba = 0n, tce = 0n, count = 0n]) => only(this.stuffTce(liobn, ioba, tce, count))],
      [
        Hcall.putTceIndirect,
        ([liobn = 0n, ioba = 0n, list = 0n, count = 0n]) => only(this.putTceIndirect(liobn, ioba, list, count)),
      ],
    ])
  }

  /** The machine whose memory the calls read, while one of its host bridges is plugged. */
  get machine(): Machine | undefined {
    return this.#machine
  }

  /**
   * Takes a machine's memory for lists of entries; returns what gives it up again, when every bridge has.
   *
   * @throws HostbridgeError `spapr.hypercalls` where another machine has these already.
   */
  attach(machine: Machine): () => void {
    if (this.#machine !== undefined && this.#machine !== machine) {
      throw new HostbridgeError(
        'spapr.hypercalls',
        `the hypercalls of machine '${this.#machine.name}' cannot serve machine '${machine.name}': make new ones for it`,
        { machine: machine.name, attached: this.#machine.name },
      )
    }
    this.#machine = machine
    this.#users++
    return () => {
      if (--this.#users === 0) this.#machine = undefined
    }
  }

  /** Makes the call of a number; one that does not exist answers H_FUNCTION. Arguments are taken as 64-bit registers. */
  hcall(number: number, args: readonly bigint[]): HcallResult {
    const handler = this.#handlers.get(number)
    return handler === undefined ? only(HcallStatus.function) : handler(args.map((it) => BigInt.asUintN(64, it)))
  }

  /** H_PUT_TCE: stores one entry (HC-5). */
  putTce(liobn: bigint | number, ioba: bigint, tce: bigint): number {
    const table = this.tables.find(liobn)
    const index = table?.indexOf(ioba) ?? -1
    if (table === undefined || index < 0) return HcallStatus.parameter
    const refusal = table.store(index, tce)
    return refusal === undefined ? HcallStatus.success : this.#refused('H_PUT_TCE', table, refusal)
  }

  /** H_GET_TCE: the entry as it was stored, where the status is success (HC-10). */
  getTce(liobn: bigint | number, ioba: bigint): { readonly status: number; readonly tce?: bigint } {
    const table = this.tables.find(liobn)
    const index = table?.indexOf(ioba) ?? -1
    if (table === undefined || index < 0) return { status: HcallStatus.parameter }
    return { status: HcallStatus.success, tce: table.entryAt(index) }
  }

  /** H_STUFF_TCE: stores the same entry `count` times, up to the window's end (HC-7 to HC-9). */
  stuffTce(liobn: bigint | number, ioba: bigint, tce: bigint, count: bigint | number): number {
    const table = this.tables.find(liobn)
    const wanted = Number(count)
    if (table === undefined || wanted > table.entries || wanted > this.#stuffLimit) return HcallStatus.parameter
    const first = table.indexOf(ioba)
    if (first < 0 || wanted === 0) return HcallStatus.parameter
    const fits = Math.min(wanted, table.entries - first)
    const refusal = table.fill(first, fits, tce)
    if (refusal !== undefined) return this.#refused('H_STUFF_TCE', table, refusal)
    return fits < wanted ? HcallStatus.parameter : HcallStatus.success
  }

  /** H_PUT_TCE_INDIRECT: stores a list of big-endian entries from guest memory; what cannot be read counts as 0 (HC-6, HC-8, HC-9). */
  putTceIndirect(liobn: bigint | number, ioba: bigint, list: bigint, count: bigint | number): number {
    const table = this.tables.find(liobn)
    const wanted = Number(count)
    if (table === undefined || wanted > INDIRECT_LIMIT || list % BigInt(TCE_LIST_BYTES) !== 0n) {
      return HcallStatus.parameter
    }
    const first = table.indexOf(ioba)
    if (first < 0 || wanted === 0) return HcallStatus.parameter
    const fits = Math.min(wanted, table.entries - first)
    const bytes = new Uint8Array(fits * 8)
    this.#machine?.space.read(list, bytes)
    const tces = new DataView(bytes.buffer)
    for (let stored = 0; stored < fits; stored++) {
      const refusal = table.store(first + stored, tces.getBigUint64(stored * 8))
      if (refusal !== undefined) return this.#refused('H_PUT_TCE_INDIRECT', table, refusal)
    }
    return fits < wanted ? HcallStatus.parameter : HcallStatus.success
  }

  #get(liobn = 0n, ioba = 0n): HcallResult {
    const { status, tce } = this.getTce(liobn, ioba)
    return { status, values: tce === undefined ? [] : [tce] }
  }

  #refused(call: string, table: TceTable, refusal: Refusal): number {
    const { message } = new MappingRefusedError(`${call} in '${table.name}'`, refusal)
    this.#machine?.guestError({
      code: 'spapr.mapping-refused',
      message,
      facts: { liobn: table.liobn, refused: refusal },
    })
    return HcallStatus.hardware
  }
}

function only(status: number): HcallResult {
  return { status, values: [] }
}
