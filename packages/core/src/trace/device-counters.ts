import type { TraceRecord } from './trace-record.ts'

/** How often something happened to a device, and what it took together. */
export interface DeviceCounter {
  readonly device: string
  readonly category: string
  readonly name: string
  readonly count: number
  /** Ticks. */
  readonly duration: number
  /** Of the records' fact `bytes`. */
  readonly bytes: number
}

/** Counts records by device, category and name; ascending by these. */
export function countRecords(records: Iterable<TraceRecord>): DeviceCounter[] {
  const counters = new Map<string, { -readonly [K in keyof DeviceCounter]: DeviceCounter[K] }>()
  for (const { device, category, name, duration = 0, facts } of records) {
    const key = `${device}\n${category}\n${name}`
    const counter = counters.get(key) ?? { device, category, name, count: 0, duration: 0, bytes: 0 }
    counters.set(key, counter)
    counter.count++
    counter.duration += duration
    counter.bytes += typeof facts?.bytes === 'number' ? facts.bytes : 0
  }
  return [...counters].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, counter]) => counter)
}
