import { HostbridgeError } from '../errors.ts'
import { compileFilter, type TraceFilter } from './trace-filter.ts'
import type { TraceRecord } from './trace-record.ts'

export interface TraceOptions extends TraceFilter {
  /** Records that are kept, a whole number of 0 or more: the last ones. All, unless told. */
  readonly capacity?: number
}

/**
 * Takes down what happens in a machine. Trace points ask whether there is one before they make a record: without a trace
 * they cost one comparison (suite `events`, case `trace-off`).
 */
export class Trace implements Iterable<TraceRecord> {
  readonly capacity: number
  readonly #wants: (record: TraceRecord) => boolean
  readonly #records: TraceRecord[] = []
  #total = 0

  /** @throws HostbridgeError `trace.capacity` for one that is no number of records. */
  constructor(options: TraceOptions = {}) {
    const { capacity = Number.POSITIVE_INFINITY } = options
    if (!(capacity >= 0) || (capacity % 1 !== 0 && capacity !== Number.POSITIVE_INFINITY)) {
      const message = `a trace cannot keep ${capacity} records: give a whole number of 0 or more`
      throw new HostbridgeError('trace.capacity', message, { capacity })
    }
    this.capacity = capacity
    this.#wants = compileFilter(options)
  }

  /** Records that were wanted, kept or not. */
  get total(): number {
    return this.#total
  }

  /** Records that are kept. */
  get length(): number {
    return this.#records.length
  }

  add(record: TraceRecord): void {
    if (!this.#wants(record)) return
    if (this.#records.length < this.capacity) this.#records.push(record)
    else if (this.capacity > 0) this.#records[this.#total % this.capacity] = record
    this.#total++
  }

  /** The records kept, oldest first. */
  *[Symbol.iterator](): Generator<TraceRecord, void, undefined> {
    const kept = this.#records.length
    const first = this.#total > kept && kept > 0 ? this.#total % kept : 0
    for (let index = 0; index < kept; index++) yield this.#records[(first + index) % kept] as TraceRecord
  }
}
