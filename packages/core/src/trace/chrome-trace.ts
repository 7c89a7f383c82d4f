import type { TraceRecord } from './trace-record.ts'

/** A machine's records under its name. */
export interface NamedTrace {
  readonly name: string
  readonly records: Iterable<TraceRecord>
}

/** Ticks of 1 ns in the microseconds that the format counts in. */
const TICKS_PER_MICROSECOND = 1000

/**
 * Traces as lines of Chrome's JSON ("Trace Event Format"), which Perfetto opens: a machine is a process, a device a thread, time
 * is virtual. One event a line, so that lines of two traces can be compared.
 */
export function* chromeTrace(traces: Iterable<NamedTrace>): Generator<string, void, undefined> {
  yield '{"displayTimeUnit":"ns","traceEvents":['
  let process = 0
  for (const { name, records } of traces) {
    yield `${JSON.stringify({ ph: 'M', name: 'process_name', pid: ++process, tid: 0, args: { name } })},`
    const threads = new Map<string, number>()
    for (const record of records) {
      let thread = threads.get(record.device)
      if (thread === undefined) {
        thread = threads.size
        threads.set(record.device, thread)
        const args = { name: record.device === '' ? 'machine' : record.device }
        yield `${JSON.stringify({ ph: 'M', name: 'thread_name', pid: process, tid: thread, args })},`
      }
      for (const event of eventsOf(record)) yield `${JSON.stringify({ ...event, pid: process, tid: thread })},`
    }
  }
  // The format lets an array end without its last comma only, hence a closing event of no effect.
  yield '{"ph":"M","name":"trace_end","pid":0,"tid":0,"args":{}}]}'
}

function* eventsOf(record: TraceRecord): Generator<object, void, undefined> {
  const { category: cat, name, duration, value, flow, facts } = record
  const ts = record.time / TICKS_PER_MICROSECOND
  const args = facts === undefined ? {} : { args: facts }
  if (value !== undefined) yield { ph: 'C', name: `${record.device} ${name}`.trim(), ts, args: { value } }
  else if (duration !== undefined) yield { ph: 'X', cat, name, ts, dur: duration / TICKS_PER_MICROSECOND, ...args }
  else yield { ph: 'i', s: 't', cat, name, ts, ...args }
  if (flow?.end === 'start') yield { ph: 's', cat, name: 'flow', id: flow.id, ts }
  if (flow?.end === 'finish') yield { ph: 'f', bp: 'e', cat, name: 'flow', id: flow.id, ts }
}
