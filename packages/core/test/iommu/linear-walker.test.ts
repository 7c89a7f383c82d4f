import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { LinearTable } from '../../src/iommu/linear-table.ts'
import { LinearWalker } from '../../src/iommu/linear-walker.ts'
import { runMeta } from '../../src/iommu/run.ts'
import { drain, naiveRuns } from './linear-oracle.ts'
import { entriesFor, makeTable, tableShape, wordsOf } from './linear-tables.ts'

describe('LinearWalker', () => {
  test.prop([tableShape, fc.integer({ min: 1, max: 40 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(3)], {
    numRuns: 200,
  })('gives the runs of a naive loop, whatever is cut and however small its batches are', (shape, batch, cut, odd) => {
    const frames = entriesFor(shape) * 2 ** (shape.pageShift - 12)
    const first = Math.floor((frames * cut) / 2) + (odd & 1)
    const last = Math.max(first, frames - 1 - Math.floor((frames * (1 - cut)) / 3) - (odd >> 1))

    const runs = drain(new LinearWalker(makeTable(shape).source(), first, last, batch))

    expect(runs).toEqual(naiveRuns(wordsOf(shape), shape.pageShift, first, last))
  })

  test('does not continue a run past the last page of the target space', () => {
    const table = new LinearTable({ entries: 8, pageShift: 12 })
    for (let index = 0; index < 4; index++) table.put(index, ((0xffff_ffff_ffff_en + BigInt(index)) << 12n) | 3n)

    const runs = drain(table.runs(0, 7))

    expect(runs).toEqual([
      { iova: 0, frames: 2, target: 2 ** 52 - 2, meta: runMeta(3, 12) },
      { iova: 2, frames: 2, target: 0, meta: runMeta(3, 12) },
    ])
  })

  test('does not continue a run past the last page of the target space in pages above 4 GiB', () => {
    const table = new LinearTable({ entries: 4, pageShift: 62 })
    for (let index = 0; index < 3; index++) table.put(index, (BigInt(index + 2) << 62n) | 1n)

    const runs = drain(table.runs(0, 2 ** 52 - 1))

    expect(runs).toEqual([
      { iova: 0, frames: 2 ** 51, target: 2 ** 51, meta: runMeta(1, 62) },
      { iova: 2 ** 51, frames: 2 ** 50, target: 0, meta: runMeta(1, 62) },
    ])
  })

  test('sees what becomes mapped ahead of it', () => {
    const table = new LinearTable({ entries: 2048, pageShift: 12 })
    table.put(0, 3n)
    table.put(2, 3n)
    const walker = new LinearWalker(table.source(), 0, 2047, 1)

    walker.next()
    table.put(2000, 3n)
    const later = drain(walker)

    expect(later.map(({ iova }) => iova)).toEqual([2, 2000])
  })

  test('merges a run over the border of two segments and ends it where a segment does not exist', () => {
    const table = new LinearTable({ entries: 2048, pageShift: 12, segmentShift: 9 })
    for (let index = 100; index < 1024; index++) table.put(index, (BigInt(index) << 12n) | 3n)
    table.put(1536, (1536n << 12n) | 3n)

    const runs = drain(table.runs(0, 2047))

    expect(runs.map(({ iova, frames }) => [iova, frames])).toEqual([
      [100, 924],
      [1536, 1],
    ])
  })
})
