import { NvmeErrorEntry, NvmeFirmware, NvmeHealth, NvmeLogPage } from './spec/log-page.ts'

/** Entries of the error log, ELPE + 1. */
export const ERROR_LOG_ENTRIES = 16

/** In kelvins: 25 degrees Celsius. */
const TEMPERATURE = 298

/** A counted unit of data: a thousand times 512 bytes. */
const DATA_UNIT = 512_000

/** What the error log says of one error. */
export interface NvmeError {
  readonly submissionQueue: number
  readonly command: number
  /** The status field with the phase bit below it, as the log has it. */
  readonly status: number
  readonly lba: number
  readonly namespace: number
}

/** What a controller has counted. */
export interface NvmeCounters {
  /** Commands: reads and compares, and writes. */
  reads: number
  writes: number
  bytesRead: number
  bytesWritten: number
  mediaErrors: number
  errors: number
}

/** What a saved controller's logs are. */
export interface SavedLogs {
  readonly counters: NvmeCounters
  readonly errors: readonly NvmeError[]
}

/** What the controller has counted and what went wrong, as log pages (NVM Express 1.3d, section 5.14.1). They outlive resets of the controller. */
export class LogPages {
  readonly firmware: string
  readonly counters: NvmeCounters = { reads: 0, writes: 0, bytesRead: 0, bytesWritten: 0, mediaErrors: 0, errors: 0 }
  /** The newest first. */
  #errors: NvmeError[] = []

  constructor(firmware: string) {
    this.firmware = firmware
  }

  /** Notes an error; the oldest one is forgotten when there are too many. */
  record(error: NvmeError): void {
    this.counters.errors++
    this.#errors.unshift(error)
    if (this.#errors.length > ERROR_LOG_ENTRIES) this.#errors.pop()
  }

  /** The bytes of a log page, if there is such a one. */
  page(id: number): Uint8Array | undefined {
    if (id === NvmeLogPage.error) return this.#errorPage()
    if (id === NvmeLogPage.health) return this.#healthPage()
    return id === NvmeLogPage.firmware ? this.#firmwarePage() : undefined
  }

  save(): SavedLogs {
    return { counters: { ...this.counters }, errors: [...this.#errors] }
  }

  restore(saved: SavedLogs): void {
    Object.assign(this.counters, saved.counters)
    this.#errors = [...saved.errors]
  }

  #errorPage(): Uint8Array {
    const page = new Uint8Array(ERROR_LOG_ENTRIES * NvmeErrorEntry.size)
    const view = new DataView(page.buffer)
    for (const [index, error] of this.#errors.entries()) {
      const at = index * NvmeErrorEntry.size
      view.setBigUint64(at + NvmeErrorEntry.count, BigInt(this.counters.errors - index), true)
      view.setUint16(at + NvmeErrorEntry.submissionQueue, error.submissionQueue, true)
      view.setUint16(at + NvmeErrorEntry.command, error.command, true)
      view.setUint16(at + NvmeErrorEntry.status, error.status, true)
      view.setBigUint64(at + NvmeErrorEntry.lba, BigInt(error.lba), true)
      view.setUint32(at + NvmeErrorEntry.namespace, error.namespace, true)
    }
    return page
  }

  #healthPage(): Uint8Array {
    const page = new Uint8Array(NvmeHealth.size)
    const view = new DataView(page.buffer)
    const { reads, writes, bytesRead, bytesWritten, mediaErrors, errors } = this.counters
    view.setUint16(NvmeHealth.temperature, TEMPERATURE, true)
    view.setUint8(NvmeHealth.spare, 100)
    view.setUint8(NvmeHealth.spareThreshold, 10)
    view.setBigUint64(NvmeHealth.unitsRead, BigInt(Math.ceil(bytesRead / DATA_UNIT)), true)
    view.setBigUint64(NvmeHealth.unitsWritten, BigInt(Math.ceil(bytesWritten / DATA_UNIT)), true)
    view.setBigUint64(NvmeHealth.reads, BigInt(reads), true)
    view.setBigUint64(NvmeHealth.writes, BigInt(writes), true)
    view.setBigUint64(NvmeHealth.mediaErrors, BigInt(mediaErrors), true)
    view.setBigUint64(NvmeHealth.errors, BigInt(errors), true)
    return page
  }

  #firmwarePage(): Uint8Array {
    const page = new Uint8Array(NvmeFirmware.size)
    page[NvmeFirmware.active] = 1
    putText(page, NvmeFirmware.firstRevision, 8, this.firmware)
    return page
  }
}

/** Puts ASCII text, filled up with spaces (section 1.5). */
export function putText(into: Uint8Array, offset: number, length: number, text: string): void {
  for (let index = 0; index < length; index++)
    into[offset + index] = index < text.length ? text.charCodeAt(index) & 0x7f : 0x20
}
