import { traceMachine } from '@hostbridge/core/machine'
import { chromeTrace, countRecords, diffTraces, formatTrace, TRACE_CATEGORIES, Trace } from '@hostbridge/core/trace'
import { describe, expect, test } from 'vitest'
import { busyMachine } from './busy-machine.ts'
import { faultsOf, lostBy } from './chrome-format.ts'

function traced(run: (machine: ReturnType<typeof busyMachine>['machine']) => void) {
  const { machine } = busyMachine()
  const trace = new Trace()
  const end = traceMachine(machine, trace)
  run(machine)
  return { machine, trace, end }
}

describe('a traced machine', () => {
  test('runs as one that nobody watches, and the same trace comes of the same run', () => {
    const plain = busyMachine().machine.run()
    const first = traced((machine) => machine.run())
    const second = traced((machine) => machine.run())

    expect(first.machine.fingerprint.toString()).toBe(plain.fingerprint)
    expect(diffTraces(formatTrace(first.trace), formatTrace(second.trace))).toBeUndefined()
    expect(first.trace.length).toBeGreaterThan(100)
  })

  test('takes down events, DMA, interrupts, mappings, faults, plugs, unplugs and resets', () => {
    const { trace, machine } = traced((busy) => busy.run())

    const seen = new Set([...trace].map(({ category }) => category))
    expect(seen).toEqual(new Set(TRACE_CATEGORIES.filter((category) => category !== 'access')))
    const counts = new Map(
      countRecords(trace).map(({ category, name, device, count }) => [`${category} ${device} ${name}`, count]),
    )
    expect(counts.get('life phb0/00:01.0 unplugged')).toBe(1)
    expect(counts.get('life phb0/00:03.0 plugged')).toBe(1)
    expect(counts.get('life  reset')).toBe(1)
    expect(counts.get('event phb0/00:01.0 disk completion')).toBeGreaterThan(0)
    expect(counts.get('iommu phb0 map')).toBeGreaterThan(0)
    expect([...trace].filter(({ category }) => category === 'event').length).toBe(machine.fingerprint.events)
    expect(trace.length).toBe(trace.total)
  })

  test('is a Chrome trace whose events have all that the format wants of their phase', () => {
    const { trace } = traced((busy) => busy.run())

    const { traceEvents } = JSON.parse([...chromeTrace([{ name: 'pc', records: trace }])].join('\n'))

    expect(traceEvents.length).toBeGreaterThan(100)
    expect(traceEvents.flatMap(faultsOf)).toEqual([])
    expect(lostBy(traceEvents)).toEqual([])
  })

  test('loses nothing in Perfetto, though two machines have overlapping transfers and thousands of records at one instant', () => {
    const traces = ['left', 'right'].map((name) => {
      const { trace, machine, end } = traced((busy) => busy.run())
      for (let line = 0; line < 2000; line++) machine.guestError({ code: 'test.many', message: 'once more' })
      end()
      return { name, records: trace }
    })

    const { traceEvents } = JSON.parse([...chromeTrace(traces)].join('\n'))

    expect(traceEvents.length).toBeGreaterThan(4000)
    expect(traceEvents.flatMap(faultsOf)).toEqual([])
    expect(lostBy(traceEvents)).toEqual([])
    const flows = traceEvents.filter(({ ph }: { ph: string }) => ph === 's')
    expect(flows.length).toBeGreaterThan(0)
    expect(new Set(flows.map(({ id }: { id: number }) => id)).size).toBe(flows.length)
  })

  test('tells where two runs part, with what came before', () => {
    const first = traced((machine) => machine.run())
    const second = traced((machine) => {
      machine.at(5_100n, () => {}, { name: 'intruder', source: 9 })
      machine.run()
    })

    const difference = diffTraces(formatTrace(first.trace), formatTrace(second.trace), 1)

    expect(difference?.right[0]).toContain('5100 event     - intruder source=9')
  })

  test('is watched no more when the trace has ended', () => {
    const { machine, trace, end } = traced((busy) => busy.run({ until: 3_000n }))
    const { total } = trace

    end()
    machine.run()

    expect(trace.total).toBe(total)
    expect([machine.trace, machine.queue.watch, machine.memory.watch]).toEqual([undefined, undefined, undefined])
  })
})
