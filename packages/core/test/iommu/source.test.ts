import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterAll, describe, expect, test } from 'vitest'
import { openSource, RadixTable, type WorkerSource } from '../../src/iommu/index.ts'
import { collect, type PlainRun } from './entry-list-model.ts'
import { makeIommu } from './make-iommu.ts'

const worker = new Worker(new URL('./source.worker.ts', import.meta.url))
afterAll(() => worker.terminate())

async function walkInWorker(source?: WorkerSource): Promise<PlainRun[]> {
  worker.postMessage(source)
  const [runs] = await once(worker, 'message')
  return runs
}

describe('openSource', () => {
  test('gives the same runs in a worker as in the thread of the table', async () => {
    const iommu = makeIommu()
    iommu.store({ iova: 0n, size: 2n ** 21n, to: 0x7000n, access: 'rw' })
    iommu.store({ iova: 2n ** 63n, size: 2n ** 62n, to: 0n, access: 'r' })
    iommu.store({ iova: 2n ** 64n - 4096n, size: 4096n, to: 2n ** 63n, access: 'w' })

    const runs = await walkInWorker(iommu.source())

    expect(runs).toEqual(collect(iommu.runs(0, 2 ** 52 - 1)))
    expect(runs).toHaveLength(3)
  })

  test('sees in a worker what is mapped after it was opened there, in memory that is new too', async () => {
    const table = new RadixTable()
    table.map(0, 1, 9, 3, 12)
    const before = await walkInWorker(table.source())
    const bytes = table.bytes

    table.map(2 ** 30, 2 ** 20, 5, 1, 12)
    const after = await walkInWorker()

    expect(before).toHaveLength(1)
    expect(table.bytes).toBeGreaterThan(100 * bytes)
    expect(after).toEqual(collect(table.runs(0, 2 ** 52 - 1)))
  })

  test('throws for what no table has made', () => {
    const code = expect.objectContaining({ code: 'iommu.source' })

    expect(() => openSource({ kind: 'radix', buffer: new SharedArrayBuffer(8448) })).toThrow(code)
    expect(() => openSource({ kind: 'other' } as never)).toThrow(code)
  })
})
