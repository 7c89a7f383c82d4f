import { HostbridgeError } from '@hostbridge/core'
import { readGzipText } from '../gzip-text.ts'
import { LineFault, shorten } from './line-fields.ts'
import { parseLine } from './parse-line.ts'
import type { TraceEvent } from './trace-event.ts'

/** No line is longer: an indirect of 512 TCEs, each of 16 digits and a space, and its fields. */
const LONGEST_LINE = 512 * 17 + 128

/**
 * Reads a `.trace.gz` in batches, one for each piece of unpacked text, so that a trace of any length takes the memory
 * of one piece.
 *
 * @throws HostbridgeError `trace.damaged` with file, line and event at the first line that is not as the format says,
 *   where time runs backwards, where the compressed stream ends early or is no gzip, and for a trace without events;
 *   `input.unreadable` where the file cannot be read.
 */
export async function* readTrace(file: string): AsyncGenerator<readonly TraceEvent[], void, undefined> {
  const lines = new LineReader(file)
  const broken = (cause: Error): HostbridgeError => lines.broken(cause)
  for await (const text of readGzipText(file, { encoding: 'latin1', broken })) {
    const batch = lines.feed(text)
    if (batch.length > 0) yield batch
  }
  const rest = lines.end()
  if (rest.length > 0) yield rest
}

/** Cuts text into lines and lines into events, and knows where it is when something is wrong. */
class LineReader {
  readonly #file: string
  #line = 1
  #time = 0
  #rest = ''

  constructor(file: string) {
    this.#file = file
  }

  /** The events of all lines that end in what was fed so far and did not before. */
  feed(text: string): TraceEvent[] {
    const events: TraceEvent[] = []
    const all = this.#rest + text
    let start = 0
    for (let end = all.indexOf('\n'); end >= 0; end = all.indexOf('\n', start)) {
      this.#rest = all.slice(start, end)
      events.push(this.#event())
      start = end + 1
    }
    this.#rest = all.slice(start)
    if (this.#rest.length > LONGEST_LINE) throw this.#damaged(`the line is longer than ${LONGEST_LINE} characters`)
    return events
  }

  /** The event of a last line without a line feed. */
  end(): TraceEvent[] {
    if (this.#rest !== '') return [this.#event()]
    if (this.#line === 1) throw this.#damaged('the trace is empty')
    return []
  }

  broken(cause: Error): HostbridgeError {
    return this.#damaged(`the compressed stream is broken (${cause.message})`, cause)
  }

  #event(): TraceEvent {
    const event = this.#parse()
    if (event.time < this.#time) throw this.#damaged(`time runs backwards, from ${this.#time} to ${event.time}`)
    this.#time = event.time
    this.#line++
    return event
  }

  #parse(): TraceEvent {
    try {
      return parseLine(this.#rest, this.#line)
    } catch (cause) {
      if (cause instanceof LineFault) throw this.#damaged(cause.message, cause)
      throw cause
    }
  }

  #damaged(what: string, cause?: Error): HostbridgeError {
    const event = shorten(this.#rest, 120)
    const message = `${this.#file}, line ${this.#line}: ${what}${event === '' ? '' : `: '${event}'`}`
    return new HostbridgeError('trace.damaged', message, { file: this.#file, line: this.#line, event, what }, { cause })
  }
}
