import { expect, test } from 'vitest'
import type { TraceRecord } from '../../src/trace/trace-record.ts'
import { formatTrace } from '../../src/trace/trace-text.ts'

test('a text log has one line for each record', () => {
  const records: TraceRecord[] = [
    { time: 5, category: 'event', device: '', name: 'tick' },
    { time: 7, category: 'dma', device: 'phb0/00:01.0', name: 'transfer write', duration: 1500, facts: { bytes: 24 } },
    { time: 9, category: 'dma', device: 'phb0/00:01.0', name: 'queue', value: 3 },
    { time: 9, category: 'interrupt', device: 'pic', name: 'two\nlines', flow: { id: 'disk 4', end: 'finish' } },
  ]

  expect([...formatTrace(records)].join('\n')).toMatchInlineSnapshot(`
    "           5 event     - tick
               7 dma       phb0/00:01.0 transfer write for 1500 bytes=24
               9 dma       phb0/00:01.0 queue = 3
               9 interrupt pic two lines <- disk 4"
  `)
})
