import { writeFileSync } from 'node:fs'
import { HostbridgeError } from '@hostbridge/core'
import { type Machine, traceMachine } from '@hostbridge/core/machine'
import { chromeTrace, countRecords, formatTrace, parseFilter, Trace, type TraceFilter } from '@hostbridge/core/trace'
import { build, type Histogram } from 'hdr-histogram-js'

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
      const histograms = new Map<string, Histogram>()
      for (const record of records) {
        if (record.duration === undefined) continue
        const histogram = histograms.get(keyOf(record)) ?? build({ numberOfSignificantValueDigits: 3 })
        histograms.set(keyOf(record), histogram)
        histogram.recordValue(record.duration)
      }
      return countRecords(records).map((counter) => {
        const { device, category, name, count, bytes } = counter
        return { machine, device, category, name, count, bytes, ...spreadOf(histograms.get(keyOf(counter))) }
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

function keyOf({ device, category, name }: { device: string; category: string; name: string }): string {
  return `${device}\n${category}\n${name}`
}

/** Of three digits: a percentile is the upper end of its bucket, which may lie above what was recorded. */
function spreadOf(histogram: Histogram | undefined): { median: number; p99: number; max: number } | undefined {
  if (histogram === undefined) return undefined
  const max = histogram.maxValue
  const [median, p99] = [50, 99].map((percentile) => Math.min(histogram.getValueAtPercentile(percentile), max))
  return { median: median as number, p99: p99 as number, max }
}
