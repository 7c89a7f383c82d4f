import type { TraceRecord } from './trace-record.ts'

/** A record as one line: ticks, category, device, name, and what else there is. */
export function formatRecord(record: TraceRecord): string {
  const { time, category, device, name, duration, value, flow, facts = {} } = record
  const words = [
    String(time).padStart(12),
    category.padEnd(9),
    device === '' ? '-' : device,
    name,
    ...(duration === undefined ? [] : [`for ${duration}`]),
    ...(value === undefined ? [] : [`= ${value}`]),
    ...(flow === undefined ? [] : [`${flow.end === 'start' ? '->' : '<-'} ${flow.id}`]),
    ...Object.entries(facts).map(([key, fact]) => `${key}=${fact}`),
  ]
  return words.join(' ').replaceAll('\n', ' ')
}

/** A trace as a text log, one line a record. */
export function* formatTrace(records: Iterable<TraceRecord>): Generator<string, void, undefined> {
  for (const record of records) yield formatRecord(record)
}
