import type { TraceRecord } from './trace-record.ts'

/** A machine's records under its name. */
export interface NamedTrace {
  readonly name: string
  readonly records: Iterable<TraceRecord>
}

/** Ticks of 1 ns in the microseconds that the format counts in. */
const TICKS_PER_MICROSECOND = 1000

/**
 * Records of one instant that a thread takes: Perfetto stacks them, and drops what comes when 512 lie upon each other
 * (src/trace_processor/importers/common/slice_tracker.cc), 255 in older ones.
 */
const MOST_AT_ONE_INSTANT = 200

/**
 * Traces as lines of Chrome's JSON ("Trace Event Format"), which Perfetto opens: a machine is a process, a device a thread, time
 * is virtual. What takes time and overlaps on a device stands on further threads of it, for those of one have to be nested,
 * and so does what a thread cannot take of one instant. Numbers of processes, threads and flows are unique in all of the file:
 * Perfetto looks for threads and flows without asking whose they are. One event a line, so that lines of two traces can be compared.
 */
export function* chromeTrace(traces: Iterable<NamedTrace>): Generator<string, void, undefined> {
  yield '{"displayTimeUnit":"ns","traceEvents":['
  const ids = new Ids()
  // The comma stands before an event, so that a line is the same whatever comes after it.
  let comma = ''
  for (const trace of traces) {
    for (const event of eventsOf(trace, ids)) {
      yield `${comma}${JSON.stringify(event)}`
      comma = ','
    }
  }
  yield ']}'
}

/** Numbers of processes, threads and flows. */
class Ids {
  #last = 0
  #flows = 0

  /** Of a process or a thread: a thread that had its process's number would be its main thread. */
  next(): number {
    return ++this.#last
  }

  /** Of a flow: Perfetto takes numbers, or text that is one in hexadecimal. */
  nextFlow(): number {
    return ++this.#flows
  }
}

/** A thread of a device, which shows one record of some duration after the other. */
interface Thread {
  readonly tid: number
  /** Ticks. */
  busyUntil: number
  /** The instant of the last record without duration, in ticks, and how many there were at it. */
  instant: number
  atInstant: number
}

function* eventsOf({ name, records }: NamedTrace, ids: Ids): Generator<object, void, undefined> {
  const pid = ids.next()
  yield nameOf('process_name', pid, pid, name)
  const threads = new Map<string, Thread[]>()
  const flows = new Map<string, number>()
  for (const record of records) {
    const lanes = threads.get(record.device) ?? []
    threads.set(record.device, lanes)
    let lane = lanes.find((each) => takes(each, record))
    if (lane === undefined) {
      lane = { tid: ids.next(), busyUntil: 0, instant: -1, atInstant: 0 }
      lanes.push(lane)
      const thread = record.device === '' ? 'machine' : record.device
      yield nameOf('thread_name', pid, lane.tid, lanes.length > 1 ? `${thread} #${lanes.length}` : thread)
    }
    note(lane, record)
    yield { ...sliceOf(record), pid, tid: lane.tid }
    const { category: cat, flow } = record
    if (flow === undefined) continue
    // A device that was reset, or has taken another's place, begins to count anew.
    const begun = flow.end === 'start' ? undefined : flows.get(flow.id)
    const id = begun ?? ids.nextFlow()
    flows.set(flow.id, id)
    const end = flow.end === 'start' ? { ph: 's' } : { ph: 'f', bp: 'e' }
    yield { ...end, cat, name: 'flow', id, ts: record.time / TICKS_PER_MICROSECOND, pid, tid: lane.tid }
  }
}

/** Whether a record can stand on a thread: all of it before or behind what takes time there, and not too many at one instant. */
function takes({ busyUntil, instant, atInstant }: Thread, { time, duration = 0, value }: TraceRecord): boolean {
  if (value !== undefined) return true
  return duration > 0 ? busyUntil <= time : instant !== time || atInstant < MOST_AT_ONE_INSTANT
}

function note(thread: Thread, { time, duration = 0, value }: TraceRecord): void {
  if (value !== undefined) return
  if (duration > 0) {
    thread.busyUntil = time + duration
    return
  }
  thread.atInstant = thread.instant === time ? thread.atInstant + 1 : 1
  thread.instant = time
}

function nameOf(what: string, pid: number, tid: number, name: string): object {
  return { ph: 'M', name: what, ts: 0, pid, tid, args: { name } }
}

function sliceOf({ time, device, category: cat, name, duration, value, facts }: TraceRecord): object {
  const ts = time / TICKS_PER_MICROSECOND
  const args = facts === undefined ? {} : { args: facts }
  if (value !== undefined) return { ph: 'C', name: `${device} ${name}`.trim(), ts, args: { value } }
  if (duration !== undefined) return { ph: 'X', cat, name, ts, dur: duration / TICKS_PER_MICROSECOND, ...args }
  return { ph: 'i', s: 't', cat, name, ts, ...args }
}
