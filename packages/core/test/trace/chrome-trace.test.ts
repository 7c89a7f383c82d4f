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
      {"ph":"M","name":"process_name","ts":0,"pid":1,"tid":1,"args":{"name":"pc"}}
      ,{"ph":"M","name":"thread_name","ts":0,"pid":1,"tid":2,"args":{"name":"machine"}}
      ,{"ph":"i","s":"t","cat":"event","name":"tick","ts":1.5,"pid":1,"tid":2}
      ,{"ph":"M","name":"thread_name","ts":0,"pid":1,"tid":3,"args":{"name":"disk"}}
      ,{"ph":"i","s":"t","cat":"dma","name":"start","ts":2,"pid":1,"tid":3}
      ,{"ph":"s","cat":"dma","name":"flow","id":1,"ts":2,"pid":1,"tid":3}
      ,{"ph":"X","cat":"dma","name":"transfer","ts":2,"dur":0.5,"args":{"bytes":24},"pid":1,"tid":3}
      ,{"ph":"C","name":"disk queue","ts":2.5,"args":{"value":3},"pid":1,"tid":3}
      ,{"ph":"i","s":"t","cat":"dma","name":"complete","ts":2.5,"pid":1,"tid":2}
      ,{"ph":"f","bp":"e","cat":"dma","name":"flow","id":1,"ts":2.5,"pid":1,"tid":2}
      ]}"
    `)
  })

  test('has what overlaps on a device on threads of its own, and in order what does not', () => {
    const spans = [
      [0, 10],
      [5, 20],
      [10, 12],
      [12, 3],
      [25, 2],
      [26, 2],
    ] as const
    const records = spans.map(
      ([time, duration]) => ({ time, duration, category: 'dma', device: 'd', name: 'x' }) as const,
    )

    const { traceEvents } = JSON.parse([...chromeTrace([{ name: 'pc', records }])].join(''))

    const shown = traceEvents.filter(({ ph }: { ph: string }) => ph === 'X')
    expect(shown.map(({ tid }: { tid: number }) => tid)).toEqual([2, 3, 2, 4, 2, 3])
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

    const named = (what: string): number[] => {
      return two.traceEvents.flatMap((event: { name: string; tid: number }) => (event.name === what ? [event.tid] : []))
    }
    expect(named('process_name')).toEqual([1, 4])
    expect(named('thread_name')).toEqual([2, 3, 5, 6])
    expect(named('flow')).toEqual([3, 2, 6, 5])
    const flows = two.traceEvents.filter(({ name }: { name: string }) => name === 'flow')
    expect(flows.map(({ id }: { id: number }) => id)).toEqual([1, 1, 2, 2])
    expect(JSON.parse([...chromeTrace([])].join('')).traceEvents).toEqual([])
  })

  test('has two hundred records of one instant on a thread, and the rest on further ones', () => {
    const at = (time: number): TraceRecord => ({ time, category: 'iommu', device: 'phb0', name: 'map' })
    const records = [...Array.from({ length: 450 }, () => at(7)), at(8)]

    const { traceEvents } = JSON.parse([...chromeTrace([{ name: 'pc', records }])].join(''))

    const tids = traceEvents.flatMap(({ ph, tid }: { ph: string; tid: number }) => (ph === 'i' ? [tid] : []))
    expect([2, 3, 4].map((tid) => tids.filter((each: number) => each === tid).length)).toEqual([201, 200, 50])
    expect(tids.at(-1)).toBe(2)
  })

  test('has all levels of a counter on one thread, in the middle of what takes time too', () => {
    const base = { category: 'dma', device: 'd', name: 'x' } as const
    const levels = Array.from({ length: 300 }, (_, value): TraceRecord => ({ ...base, time: 5, value }))
    const records = [{ ...base, time: 0, duration: 9 }, ...levels, { ...base, time: 5 }]

    const { traceEvents } = JSON.parse([...chromeTrace([{ name: 'pc', records }])].join(''))

    expect(traceEvents.filter(({ name }: { name: string }) => name === 'thread_name')).toHaveLength(1)
  })

  test('has another flow where one of the same name starts again', () => {
    const at = (time: number, end: 'start' | 'finish'): TraceRecord => {
      return { time, category: 'dma', device: 'd', name: 'x', flow: { id: 'd 0', end } }
    }
    const records = [at(1, 'start'), at(2, 'start'), at(3, 'finish'), at(4, 'start'), at(5, 'finish')]

    const { traceEvents } = JSON.parse([...chromeTrace([{ name: 'pc', records }])].join(''))

    const ids = traceEvents.flatMap(({ name, id }: { name: string; id: number }) => (name === 'flow' ? [id] : []))
    expect(ids).toEqual([1, 2, 2, 3, 3])
  })

  test('tells instants as microseconds that lead back to the same tick, for a hundred days', () => {
    const times = [1, 1001, 5004, 100 * 86_400e9 + 1, 100 * 86_400e9 + 999]
    const records = times.map((time): TraceRecord => ({ time, category: 'event', device: '', name: 'x' }))

    const text = [...chromeTrace([{ name: 'pc', records }])].join('')

    const shown = [...text.matchAll(/"ph":"i".*?"ts":(\d+)(?:\.(\d+))?/g)]
    expect(shown.map(([, whole = '', rest = '']) => Number(whole + rest.padEnd(3, '0')))).toEqual(times)
  })
})
