import { Machine } from '@hostbridge/core/machine'
import { ram } from '@hostbridge/core/memory'
import { DmaEngine } from '@hostbridge/devices/endpoints'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'
import { expect, test } from 'vitest'
import { TracedRun } from '../src/traced-run.ts'

test('what takes time is told with its median and its longest', () => {
  const traced = new TracedRun({ traceFilter: 'device=phb0/* category=dma' })
  const machine = new Machine('pseries')
  machine.map(0n, ram('ram', 0x1_0000n))
  const phb = machine.plug(new SpaprHostBridge({ index: 0 }))
  const engine = phb.plug('00:01.0', new DmaEngine())
  traced.watch(machine)
  for (const latency of [100n, 200n, 300n, 90_000n]) {
    engine.start({ direction: 'write', iova: 0n, bytes: new Uint8Array(8), latency })
  }

  machine.run()

  const transfers = traced.figures().find(({ name }) => name === 'transfer write')
  expect(transfers).toMatchObject({ machine: 'pseries', device: 'phb0/00:01.0', count: 4, bytes: 32 })
  expect(transfers).toMatchObject({ median: 200, max: 90_000 })
})

test('of very many records, no percentile lies above the longest', () => {
  const traced = new TracedRun({})
  const machine = new Machine('pc')
  traced.watch(machine)
  for (let time = 0; time < 150_000; time++) {
    machine.trace?.add({ time, category: 'dma', device: 'disk', name: 'transfer', duration: 90_000 - (time & 1) })
  }
  machine.trace?.add({ time: 0, category: 'dma', device: 'disk', name: 'start' })

  const figures = traced.figures()

  expect(figures).toEqual([
    { machine: 'pc', device: 'disk', category: 'dma', name: 'start', count: 1, bytes: 0 },
    { ...figures[1], name: 'transfer', count: 150_000, median: 90_000, p99: 90_000, max: 90_000 },
  ])
})
