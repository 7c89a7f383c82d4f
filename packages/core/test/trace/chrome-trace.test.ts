import { describe, expect, test } from 'vitest'
import { chromeTrace } from '../../src/trace/chrome-trace.ts'
import type { TraceRecord } from '../../src/trace/trace-record.ts'

const RECORDS: TraceRecord[] = [
  { time: 1500, category: 'event', device: '', name: 'tick' },
  { time: 2000, category: 'dma', device: 'disk', name: 'start', flow: { id: 'disk 4', end: 'start' } },
  { time: 2000, category: 'dma', device: 'disk', name: 'transfer', duration: 500, facts: { bytes: 24 } },
  { time: 2500, category: 'dma', device: 'disk', name: 'queue', value: 3 },
  { time: 2500, category: 'dma', device: '', name: 'complete', flow: { id: 'disk 4', end: 'finish' } },
]

describe('a Chrome trace', () => {
  test('is JSON with an event a line: machines are processes, devices threads, time is in microseconds', () => {
    const lines = [...chromeTrace([{ name: 'pc', records: RECORDS }])]

    expect(() => JSON.parse(lines.join('\n'))).not.toThrow()
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "{"displayTimeUnit":"ns","traceEvents":[
      {"ph":"M","name":"process_name","ts":0,"pid":1,"tid":0,"args":{"name":"pc"}},
      {"ph":"M","name":"thread_name","ts":0,"pid":1,"tid":0,"args":{"name":"machine"}},
      {"ph":"i","s":"t","cat":"event","name":"tick","ts":1.5,"pid":1,"tid":0},
      {"ph":"M","name":"thread_name","ts":0,"pid":1,"tid":1,"args":{"name":"disk"}},
      {"ph":"i","s":"t","cat":"dma","name":"start","ts":2,"pid":1,"tid":1},
      {"ph":"s","cat":"dma","name":"flow","id":"disk 4","ts":2,"pid":1,"tid":1},
      {"ph":"X","cat":"dma","name":"transfer","ts":2,"dur":0.5,"args":{"bytes":24},"pid":1,"tid":1},
      {"ph":"C","name":"disk queue","ts":2.5,"args":{"value":3},"pid":1,"tid":1},
      {"ph":"i","s":"t","cat":"dma","name":"complete","ts":2.5,"pid":1,"tid":0},
      {"ph":"f","bp":"e","cat":"dma","name":"flow","id":"disk 4","ts":2.5,"pid":1,"tid":0},
      {"ph":"M","name":"trace_end","ts":0,"pid":0,"tid":0,"args":{}}]}"
    `)
  })

  test('has what overlaps on a device on threads of its own, and in order what does not', () => {
    const spans = [
      [0, 10],
      [5, 20],
      [10, 12],
      [12, 3],
      [25, 1],
    ] as const
    const records = spans.map(
      ([time, duration]) => ({ time, duration, category: 'dma', device: 'd', name: 'x' }) as const,
    )

    const { traceEvents } = JSON.parse([...chromeTrace([{ name: 'pc', records }])].join(''))

    const shown = traceEvents.filter(({ ph }: { ph: string }) => ph === 'X')
    expect(shown.map(({ tid }: { tid: number }) => tid)).toEqual([0, 1, 0, 2, 0])
    const names = traceEvents.filter(({ name }: { name: string }) => name === 'thread_name')
    expect(names.map(({ args }: { args: object }) => args)).toEqual([{ name: 'd' }, { name: 'd #2' }, { name: 'd #3' }])
  })

  test('of two machines has two processes, and of none is JSON too', () => {
    const two = JSON.parse(
      [
        ...chromeTrace([
          { name: 'a', records: RECORDS },
          { name: 'b', records: RECORDS },
        ]),
      ].join(''),
    )

    expect(new Set(two.traceEvents.map(({ pid }: { pid: number }) => pid))).toEqual(new Set([0, 1, 2]))
    expect(JSON.parse([...chromeTrace([])].join('')).traceEvents.length).toBe(1)
  })
})
