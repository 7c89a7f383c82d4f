import { test as property } from '@fast-check/vitest'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Trace } from '../../src/trace/trace.ts'
import type { TraceRecord } from '../../src/trace/trace-record.ts'

const record = (time: number): TraceRecord => ({ time, category: 'event', device: '', name: 'tick' })

describe('a trace', () => {
  property.prop([fc.nat(20), fc.nat(40)], { numRuns: 60 })(
    'of bounded size keeps the last records, in order',
    (capacity, count) => {
      const trace = new Trace({ capacity })

      for (let time = 0; time < count; time++) trace.add(record(time))

      const all = Array.from({ length: count }, (_, time) => time)
      expect([...trace].map(({ time }) => time)).toEqual(capacity === 0 ? [] : all.slice(-capacity))
      expect([trace.total, trace.length]).toEqual([count, Math.min(count, capacity)])
    },
  )

  test.each([-1, 2.5, Number.NaN])('cannot keep %d records', (capacity) => {
    expect(() => new Trace({ capacity })).toThrow(`a trace cannot keep ${capacity} records`)
  })

  test('without a bound keeps all that its filter wants', () => {
    const trace = new Trace({ from: 3, to: 5 })

    for (let time = 0; time < 9; time++) trace.add(record(time))

    expect([...trace].map(({ time }) => time)).toEqual([3, 4, 5])
    expect(trace.total).toBe(3)
  })
})
