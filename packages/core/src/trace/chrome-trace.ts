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
 * is virtual. What takes time and overlaps on a device stands on further threads of it, for those of one have to be nested.
 * One event a line, so that lines of two traces can be compared.
 */
export function* chromeTrace(traces: Iterable<NamedTrace>): Generator<string, void, undefined> {
  yield '{"displayTimeUnit":"ns","traceEvents":['
  let pid = 0
  for (const { name, records } of traces) {
    yield `${nameOf('process_name', ++pid, 0, name)},`
    const threads = new Map<string, Thread[]>()
    let numbers = 0
    for (const record of records) {
      const lanes = threads.get(record.device) ?? []
      threads.set(record.device, lanes)
      let lane = lanes.find(({ busyUntil }) => record.duration === undefined || busyUntil <= record.time)
      if (lane === undefined) {
        lane = { tid: numbers++, busyUntil: 0 }
        lanes.push(lane)
        const thread = record.device === '' ? 'machine' : record.device
        yield `${nameOf('thread_name', pid, lane.tid, lanes.length > 1 ? `${thread} #${lanes.length}` : thread)},`
      }
      if (record.duration !== undefined) lane.busyUntil = record.time + record.duration
      for (const event of eventsOf(record)) yield `${JSON.stringify({ ...event, pid, tid: lane.tid })},`
    }
  }
  // The format lets an array end without its last comma only, hence a closing event of no effect.
  yield `${JSON.stringify({ ph: 'M', name: 'trace_end', ts: 0, pid: 0, tid: 0, args: {} })}]}`
}

/** A thread of a device, which shows one record of some duration after the other. */
interface Thread {
  readonly tid: number
  /** Ticks. */
  busyUntil: number
}

function nameOf(what: string, pid: number, tid: number, name: string): string {
  return JSON.stringify({ ph: 'M', name: what, ts: 0, pid, tid, args: { name } })
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
