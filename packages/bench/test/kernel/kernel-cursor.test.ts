import { fc, test } from '@fast-check/vitest'
import { LinearTable, type RunCursor, runMeta } from '@hostbridge/core/iommu'
import { describe, expect } from 'vitest'
import { drain, naiveRuns } from '../../../core/test/iommu/linear-oracle.ts'
import { entriesFor, makeTable, type TableShape, tableShape, wordsOf } from '../../../core/test/iommu/linear-tables.ts'
import { kernelRuns } from '../../src/kernel/kernel-runs.ts'
import { scanKernel } from '../../src/kernel/scan-kernel.ts'

/** The kernel is built when the package is installed: here it must be there. */
function walk(table: LinearTable, first: number, last: number): RunCursor {
  const kernel = scanKernel()
  if (kernel === undefined) throw new Error('kernels/scan.wasm is missing: run `node kernels/build.ts`')
  return kernelRuns(kernel, table.source())(first, last)
}

/** Every other entry mapped, and each eighth of the rest noise: what fills a batch of runs. */
const rough = fc.record({
  pageShift: fc.constantFrom(12, 16, 40),
  segmentShift: fc.constantFrom(9, 12),
  first: fc.nat(70),
  stretches: fc
    .tuple(fc.constantFrom('half', 'random', 'same'), fc.integer({ min: 3000, max: 7000 }), fc.nat(0xffff))
    .map(([kind, length, seed]) => [{ kind, length, seed, permission: 3, noise: 0xff8 }] as TableShape['stretches']),
})

describe('KernelCursor', () => {
  test.prop([tableShape, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(3)], { numRuns: 150 })(
    'gives the runs of the walker in TypeScript and of a naive loop, whatever is cut',
    (shape, cut, odd) => {
      const table = makeTable(shape)
      const frames = entriesFor(shape) * 2 ** (shape.pageShift - 12)
      const first = Math.floor((frames * cut) / 2) + (odd & 1)
      const last = Math.max(first, frames - 1 - Math.floor((frames * (1 - cut)) / 3) - (odd >> 1))

      const runs = drain(walk(table, first, last))

      expect(runs).toEqual(drain(table.runs(first, last)))
      expect(runs).toEqual(naiveRuns(wordsOf(shape), shape.pageShift, first, last))
    },
  )

  test.prop([rough], { numRuns: 20 })('goes on behind a full batch, also in the middle of a segment', (shape) => {
    const table = makeTable(shape)

    const runs = drain(walk(table, 0, 2 ** 52 - 1))

    expect(runs).toEqual(naiveRuns(wordsOf(shape), shape.pageShift, 0, 2 ** 52 - 1))
  })

  test.prop([fc.nat(4095), fc.constantFrom('hole', 'elsewhere', 'permission', 'noise'), fc.nat(40)], { numRuns: 100 })(
    'finds the one entry of a dense stretch that is different, wherever in two blocks taken at once it lies',
    (odd, kind, begin) => {
      const table = new LinearTable({ entries: 4096, pageShift: 12 })
      for (let index = begin; index < 4096; index++) table.set(index, 0, (index << 12) | 3)
      const low = { hole: 0, elsewhere: 0x7777_7003, permission: (odd << 12) | 1, noise: (odd << 12) | 0xff3 }[kind]
      table.set(odd, 0, low)

      const runs = drain(walk(table, 0, 4095))

      expect(runs).toEqual(drain(table.runs(0, 4095)))
    },
  )

  test('carries an open run over the border of two calls and of two segments', () => {
    const entries = 2 ** 19
    const table = new LinearTable({ entries, pageShift: 12, segmentShift: 18 })
    for (let index = 3; index < entries - 5; index++) table.set(index, index >>> 20, (index << 12) | 3)

    const runs = drain(walk(table, 0, entries - 1))

    expect(runs).toEqual([{ iova: 3, frames: entries - 8, target: 3, meta: runMeta(3, 12) }])
  })

  test('does not continue a run past the last page of the target space', () => {
    const table = new LinearTable({ entries: 4096, pageShift: 12 })
    const last = 0x000f_ffff_ffff_ffffn
    for (let index = 0; index < 3000; index++) table.put(index, ((last - 999n + BigInt(index)) << 12n) | 3n)
    for (let index = 3000; index < 4096; index += 2) table.put(index, 1n)

    const runs = drain(walk(table, 10, 4095))

    expect(runs.slice(0, 3)).toEqual([
      { iova: 10, frames: 990, target: 2 ** 52 - 990, meta: runMeta(3, 12) },
      { iova: 1000, frames: 2000, target: 0, meta: runMeta(3, 12) },
      { iova: 3000, frames: 1, target: 0, meta: runMeta(1, 12) },
    ])
    expect(runs).toEqual(drain(table.runs(10, 4095)))
  })

  test('lets walks of one table be under way at the same time', () => {
    const table = new LinearTable({ entries: 8192, pageShift: 12 })
    for (let index = 0; index < 8192; index += 2) table.put(index, 3n)
    const walker = kernelRuns(scanKernel()!, table.source())

    const one = walker(0, 8191)
    const firstBatch = one.next()
    const other = drain(walker(100, 109))
    const rest = drain(one)

    expect(other.map(({ iova }) => iova)).toEqual([100, 102, 104, 106, 108])
    expect(firstBatch + rest.length).toBe(4096)
    expect(rest.at(-1)?.iova).toBe(8190)
  })

  test('reads nothing of a table that holds nothing', () => {
    const table = new LinearTable({ entries: 2 ** 32, pageShift: 12 })

    expect(drain(walk(table, 0, 2 ** 32 - 1))).toEqual([])
  })
})
