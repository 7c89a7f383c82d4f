import { expect, test } from 'vitest'
import { countRecords } from '../../src/trace/device-counters.ts'
import type { TraceRecord } from '../../src/trace/trace-record.ts'

test('records are counted by device, category and name, with their ticks and bytes', () => {
  const transfer: TraceRecord = {
    time: 0,
    category: 'dma',
    device: 'b',
    name: 'read',
    duration: 5,
    facts: { bytes: 8 },
  }

  const counters = countRecords([transfer, { ...transfer, device: 'a' }, { ...transfer, facts: { bytes: 'many' } }])

  expect(counters).toEqual([
    { device: 'a', category: 'dma', name: 'read', count: 1, duration: 5, bytes: 8 },
    { device: 'b', category: 'dma', name: 'read', count: 2, duration: 10, bytes: 8 },
  ])
})
