import { HostbridgeError } from '@hostbridge/core'
import { frameOf, hex } from '@hostbridge/core/address'
import { Permission, type Translation } from '@hostbridge/core/memory'
import { HcallStatus, type TceTable } from '@hostbridge/devices/spapr'
import type {
  CheckpointEvent,
  EnableEvent,
  IndirectEvent,
  PutEvent,
  StuffEvent,
  TraceEvent,
  TranslateEvent,
} from './trace-event.ts'
import { TRACED_RAM, type TracedMachine } from './traced-machine.ts'

/** Where lists of entries lie while a H_PUT_TCE_INDIRECT takes them: the last page of RAM. */
const LIST_ADDRESS = TRACED_RAM - 0x1000n

export interface TracedGuestOptions {
  /** Names the trace in messages. */
  readonly file: string
  readonly withoutPuts: boolean
  onCheckpoint(recorded: CheckpointEvent, table: TceTable): void
}

/** Does what a trace says that a guest and its devices did, on a machine, at once; and counts translations. */
export class TracedGuest {
  translations = 0
  /** Translations that the window did not permit. */
  faults = 0
  readonly #traced: TracedMachine
  readonly #options: TracedGuestOptions
  readonly #translation: Translation = { permission: Permission.none, frame: 0, shift: 0, target: undefined }

  constructor(traced: TracedMachine, options: TracedGuestOptions) {
    this.#traced = traced
    this.#options = options
  }

  /** @throws HostbridgeError `trace.damaged` where a recorded call, all of which succeeded, cannot succeed here. */
  do(event: TraceEvent): void {
    switch (event.kind) {
      case 'xlate':
        this.#translate(event)
        break
      case 'put':
        this.#put(event)
        break
      case 'indirect':
        this.#putIndirect(event)
        break
      case 'stuff':
        this.#stuff(event)
        break
      case 'checkpoint':
        this.#options.onCheckpoint(event, this.#tableOf(event))
        break
      case 'enable':
        this.#enable(event)
        break
      case 'disable':
        this.#tableOf(event).disable()
    }
  }

  #translate({ liobn, ioba, access }: TranslateEvent): void {
    this.translations++
    const table = this.#traced.phb.hypercalls.tables.find(liobn)
    const translation = this.#translation
    translation.permission = Permission.none
    if (table?.window !== undefined && table.indexOf(ioba) >= 0) {
      table.translate(frameOf(ioba - table.window.busOffset), access, translation)
    }
    if ((translation.permission & access) !== access) this.faults++
  }

  #put(event: PutEvent): void {
    if (this.#options.withoutPuts) return
    this.#check(event, this.#traced.phb.hypercalls.putTce(event.liobn, event.ioba, event.tce))
  }

  #putIndirect(event: IndirectEvent): void {
    if (this.#options.withoutPuts) return
    const { liobn, ioba, tces } = event
    const list = new DataView(new ArrayBuffer(tces.length * 8))
    for (const [index, tce] of tces.entries()) list.setBigUint64(index * 8, tce)
    this.#traced.machine.space.write(LIST_ADDRESS, new Uint8Array(list.buffer))
    this.#check(event, this.#traced.phb.hypercalls.putTceIndirect(liobn, ioba, LIST_ADDRESS, tces.length))
  }

  #stuff(event: StuffEvent): void {
    this.#check(event, this.#traced.phb.hypercalls.stuffTce(event.liobn, event.ioba, event.tce, event.count))
  }

  #enable(event: EnableEvent): void {
    const table = this.#tableOf(event)
    const { pageShift, busOffset, entries } = event
    try {
      table.disable()
      table.enable({ pageShift, busOffset, entries })
    } catch (cause) {
      throw this.#damaged(event, `no such window can be opened: ${(cause as Error).message}`, cause)
    }
  }

  #tableOf(event: TraceEvent): TceTable {
    const table = this.#traced.phb.hypercalls.tables.find(event.liobn)
    if (table === undefined) throw this.#damaged(event, `the machine has no table of LIOBN ${hex(event.liobn)}`)
    return table
  }

  /** A notifier's refusal is the matter of whoever registered it; anything else means that this was not recorded. */
  #check(event: PutEvent | IndirectEvent | StuffEvent, status: number): void {
    if (status === HcallStatus.success || status === HcallStatus.hardware) return
    const where = `LIOBN ${hex(event.liobn)}, ioba ${hex(event.ioba)}`
    throw this.#damaged(event, `the recorded call succeeded, here it returns ${status} for ${where}`)
  }

  #damaged(event: TraceEvent, what: string, cause?: unknown): HostbridgeError {
    const { file } = this.#options
    const message = `${file}, line ${event.line}: ${event.kind}: ${what}`
    return new HostbridgeError('trace.damaged', message, { file, line: event.line, event: event.kind, what }, { cause })
  }
}
