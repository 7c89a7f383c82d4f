import { writeFileSync } from 'node:fs'
import { HostbridgeError } from '@hostbridge/core'
import { type Machine, traceMachine } from '@hostbridge/core/machine'
import { chromeTrace, countRecords, formatTrace, parseFilter, Trace, type TraceFilter } from '@hostbridge/core/trace'
import { build } from 'hdr-histogram-js'

export interface TracedRunOptions {
  /** Where the trace goes: Chrome's JSON if it ends in `.json`, else text. */
  readonly traceOut?: string
  readonly traceFilter?: string
  /** Records of a machine that are kept at most: the last ones. */
  readonly traceLast?: string
}

/** What happened to a device in a run; times in ticks. */
export interface DeviceFigures {
  readonly machine: string
  readonly device: string
  readonly category: string
  readonly name: string
  readonly count: number
  readonly bytes: number
  readonly median?: number
  readonly p99?: number
  readonly max?: number
}

/** The traces of the machines of one run. */
export class TracedRun {
  readonly #options: TracedRunOptions
  readonly #filter: TraceFilter
  readonly #capacity: number
  readonly #traces: { readonly name: string; readonly records: Trace }[] = []

  /** @throws HostbridgeError `trace.filter`, `trace.last`. */
  constructor(options: TracedRunOptions) {
    this.#options = options
    this.#filter = parseFilter(options.traceFilter ?? '')
    this.#capacity = Number(options.traceLast ?? Number.POSITIVE_INFINITY)
    if (options.traceLast === undefined || /^[1-9]\d*$/.test(options.traceLast)) return
    const message = `--trace-last ${options.traceLast} is no number of records: give 1 or more`
    throw new HostbridgeError('trace.last', message, { last: options.traceLast })
  }

  watch(machine: Machine): void {
    const records = new Trace({ ...this.#filter, capacity: this.#capacity })
    traceMachine(machine, records)
    this.#traces.push({ name: machine.name, records })
  }

  /** Writes the file that was asked for. @throws HostbridgeError `trace.write`. */
  write(): void {
    const { traceOut } = this.#options
    if (traceOut === undefined) return
    const lines = traceOut.endsWith('.json') ? chromeTrace(this.#traces) : this.#text()
    try {
      writeFileSync(traceOut, `${[...lines].join('\n')}\n`)
    } catch (cause) {
      const message = `the trace cannot be written to ${traceOut}: ${String(cause)}`
      throw new HostbridgeError('trace.write', message, { file: traceOut }, { cause })
    }
  }

  /** Counters, and of what takes time a histogram. */
  figures(): DeviceFigures[] {
    return this.#traces.flatMap(({ name: machine, records }) => {
      return countRecords(records).map(({ device, category, name, count, bytes }) => {
        const lasted = [...records].flatMap((record) => {
          const { duration } = record
          const same = record.device === device && record.category === category && record.name === name
          return same && duration !== undefined ? [duration] : []
        })
        return { machine, device, category, name, count, bytes, ...spreadOf(lasted) }
      })
    })
  }

  *#text(): Generator<string, void, undefined> {
    for (const { name, records } of this.#traces) {
      yield `# machine ${name}`
      yield* formatTrace(records)
    }
  }
}

function spreadOf(lasted: readonly number[]): { median: number; p99: number; max: number } | undefined {
  if (lasted.length === 0) return undefined
  const histogram = build({ numberOfSignificantValueDigits: 3 })
  for (const duration of lasted) histogram.recordValue(duration)
  const [median, p99] = [histogram.getValueAtPercentile(50), histogram.getValueAtPercentile(99)]
  return { median, p99, max: Math.max(...lasted) }
}
