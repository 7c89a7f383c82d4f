import { fc, test } from '@fast-check/vitest'
import { LinearTable, RadixTable, RUN_LANES, type RunCursor, type WorkerSource } from '@hostbridge/core/iommu'
import { describe, expect } from 'vitest'
import { openRuns } from '../../src/replay/open-runs.ts'
import type { Shard } from '../../src/replay/shard.ts'
import { ShardCutter } from '../../src/replay/shards.ts'
import { Stitcher } from '../../src/replay/stitch.ts'
import { store, stretches } from './mappings.ts'
import { listed, Scene } from './scene.ts'

const WHOLE: Shard = { first: 0, last: 2 ** 52 - 1 }

function cut(source: WorkerSource, range: Shard, most?: number): Shard[] {
  const cutter = new ShardCutter(source, range, most)
  const shards: Shard[] = []
  for (let shard = cutter.next(); shard !== undefined; shard = cutter.next()) shards.push(shard)
  return shards
}

function drain(cursor: RunCursor): number[][] {
  const found: number[][] = []
  for (let count = cursor.next(); count > 0; count = cursor.next()) found.push(...listed(cursor.runs, count))
  return found
}

describe('ShardCutter', () => {
  test.prop(
    [
      stretches,
      fc.constantFrom('linear' as const, 'radix' as const),
      fc.integer({ min: 1, max: 3000 }),
      fc.nat(50_000),
    ],
    {
      numRuns: 100,
    },
  )('leaves nothing mapped outside its shards, which ascend and stay in the range', (drawn, kind, most, begin) => {
    const scene = new Scene(kind)
    store(scene, drawn)
    const range = { first: begin, last: kind === 'linear' ? 2 ** 16 - 7 : 2 ** 52 - 7 }

    const shards = cut(scene.iommu.source(), range, most)

    const found: number[][] = []
    const stitcher = new Stitcher((runs, count) => found.push(...listed(runs, count)))
    let end = range.first
    for (const { first, last } of shards) {
      expect(first).toBeGreaterThanOrEqual(end)
      expect(last).toBeGreaterThanOrEqual(first)
      end = last + 1
      const cursor = openRuns(scene.iommu.source())(first, last)
      for (let count = cursor.next(); count > 0; count = cursor.next()) {
        stitcher.add(cursor.runs.slice(0, count * RUN_LANES), count)
      }
    }
    stitcher.end()
    expect(end - 1).toBeLessThanOrEqual(range.last)
    expect(found).toEqual(drain(scene.iommu.runs(range.first, range.last)))
  })

  test('cuts a linear table at multiples of the size it is told', () => {
    const table = new LinearTable({ entries: 4096, pageShift: 16 })
    table.fill(0, 4096, 0, 3)

    const shards = cut(table.source(), { first: 16 * 100, last: 16 * 2500 + 3 }, 1024)

    expect(shards).toEqual([
      { first: 1600, last: 16 * 1024 - 1 },
      { first: 16 * 1024, last: 16 * 2048 - 1 },
      { first: 16 * 2048, last: 16 * 2500 + 3 },
    ])
  })

  test('makes no shard where a linear table maps nothing, be it of 2^40 entries', () => {
    const table = new LinearTable({ entries: 2 ** 40, pageShift: 24, segmentShift: 20 })
    table.put(5, 3n)
    table.put(2 ** 39 + 700, 3n)

    const shards = cut(table.source(), WHOLE)

    const frames = 2 ** 12
    expect(shards).toEqual([
      { first: 0, last: 2 ** 18 * frames - 1 },
      { first: (2 ** 39 + 512) * frames, last: (2 ** 39 + 2 ** 18) * frames - 1 },
    ])
  })

  test('makes one shard of a thousand mappings scattered over 2^64 bytes', () => {
    const table = new RadixTable()
    for (let index = 0; index < 1000; index++) table.map(index * 2 ** 42, 1, index, 3, 12)
    table.map(2 ** 52 - 1, 1, 0, 3, 12)

    const shards = cut(table.source(), WHOLE, 2 ** 20)

    expect(shards.length).toBeLessThanOrEqual(3)
    expect(shards[0]?.first).toBe(0)
    expect(shards.at(-1)?.last).toBe(2 ** 52 - 1)
  })

  test('cuts a radix table where its entries are, not where the window is', () => {
    const table = new RadixTable()
    table.map(2 ** 50, 2 ** 20, 0, 3, 12)

    const shards = cut(table.source(), WHOLE, 2 ** 18)

    expect(shards).toEqual(
      [0, 1, 2, 3].map((part) => {
        const first = 2 ** 50 + part * 2 ** 18
        return { first, last: first + 2 ** 18 - 1 }
      }),
    )
  })

  test('makes shards of large pages as large as their entries are few', () => {
    const table = new RadixTable()
    table.map(0, 2 ** 27, 0, 3, 21)

    const shards = cut(table.source(), WHOLE, 2 ** 18)

    expect(shards).toHaveLength(1)
  })

  test('halves shards that do not fit, and doubles those that leave few runs up to the most', () => {
    const cutter = new ShardCutter(new LinearTable({ entries: 1, pageShift: 12 }).source(), WHOLE)

    const sizes = [0, 0.1, 0.1, 1, 0.5, 2].map((share) => {
      cutter.learn(share)
      return Math.log2(cutter.entries)
    })

    expect(sizes).toEqual([19, 20, 20, 19, 19, 18])
  })
})
