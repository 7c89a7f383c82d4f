import { fc } from '@fast-check/vitest'
import { KiB, MiB } from '@hostbridge/core/address'
import { RUN_LANES } from '@hostbridge/core/iommu'
import { describe, expect, test } from 'vitest'
import { formatPageSize, HostPages } from '../../src/vfio/host-pages.ts'
import { RefusedFrames } from '../../src/vfio/refused-frames.ts'
import { RunBuffer } from '../../src/vfio/run-buffer.ts'

/** `[iova, frames of the page, target]` of every single page, and every refused frame. */
type Layout = { pages: number[][]; refused: number[] }

function layOut(sizes: readonly bigint[], iova: number, frames: number, target: number, maxShift: number): Layout {
  const out = new RunBuffer()
  const refused = new RefusedFrames()
  new HostPages(sizes).layOut(iova, frames, target, 3, maxShift, out, refused)
  const pages: number[][] = []
  for (let at = 0; at < out.count * RUN_LANES; at += RUN_LANES) {
    const [first = 0, count = 0, to = 0, meta = 0] = out.runs.subarray(at, at + RUN_LANES)
    const page = 2 ** ((meta >> 2) - 12)
    for (let done = 0; done < count; done += page) pages.push([first + done, page, to + done])
  }
  return { pages, refused: framesOf(refused) }
}

function framesOf(refused: RefusedFrames): number[] {
  return refused
    .take(() => '')
    .flatMap(({ iova, size }) => {
      return Array.from({ length: Number(size / 4096n) }, (_, index) => Number(iova / 4096n) + index)
    })
}

/** At each frame the largest page that may start there and fits, else the frame is refused. */
function bruteForce(sizes: readonly bigint[], iova: number, frames: number, target: number, maxShift: number): Layout {
  const layout: Layout = { pages: [], refused: [] }
  const descending = sizes.map((size) => Number(size / 4096n)).sort((a, b) => b - a)
  for (let at = iova; at < iova + frames; ) {
    const to = target + (at - iova)
    const fits = (page: number): boolean =>
      page <= 2 ** (maxShift - 12) && at % page === 0 && to % page === 0 && at + page <= iova + frames
    const page = descending.find(fits)
    if (page === undefined) layout.refused.push(at)
    else layout.pages.push([at, page, to])
    at += page ?? 1
  }
  return layout
}

const SIZES = [[4n], [64n], [4n, 64n], [8n, 16n, 64n], [4n, 32n, 128n]].map((sizes) => sizes.map((size) => size * KiB))

describe('laying out pages', () => {
  test('is what trying every size at every frame gives', () => {
    const base = fc.constantFrom(0, 2 ** 20, 2 ** 41 + 24, 2 ** 51)
    fc.assert(
      fc.property(
        fc.constantFrom(...SIZES),
        base,
        fc.nat(80),
        fc.integer({ min: 1, max: 200 }),
        base,
        fc.nat(80),
        fc.integer({ min: 12, max: 20 }),
        (sizes, base, iova, frames, to, target, maxShift) => {
          const [at, into] = [base + iova, to + target]

          expect(layOut(sizes, at, frames, into, maxShift)).toEqual(bruteForce(sizes, at, frames, into, maxShift))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('gives merged entries the pages that they have one by one', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SIZES),
        fc.integer({ min: 12, max: 17 }),
        fc.nat(9),
        fc.nat(40),
        (sizes, shift, count, target) => {
          const entry = 2 ** (shift - 12)
          const merged = layOut(sizes, 3 * entry, (count + 1) * entry, target, shift)
          const single = Array.from({ length: count + 1 }, (_, i) =>
            layOut(sizes, (3 + i) * entry, entry, target + i * entry, shift),
          )

          expect(merged.pages).toEqual(single.flatMap(({ pages }) => pages))
          expect(merged.refused).toEqual(single.flatMap(({ refused }) => refused))
        },
      ),
      { numRuns: 100 },
    )
  })

  test('takes the whole space in its largest pages', () => {
    const out = new RunBuffer()

    new HostPages([4n * KiB, 1n << 63n]).layOut(0, 2 ** 52, 0, 3, 64, out, new RefusedFrames())

    expect([...out.runs.subarray(0, out.count * RUN_LANES)]).toEqual([0, 2 ** 52, 0, 3 | (63 << 2)])
  })
})

test('the entries that cutting can make are bounded by the ratios of the sizes', () => {
  expect(new HostPages([4n * KiB]).mostCutPieces).toBe(0)
  expect(new HostPages([4n * KiB, 2n * MiB]).mostCutPieces).toBe(2 * 511)
})

test('page sizes are written in the largest whole unit', () => {
  expect([4n * KiB, 64n * KiB, 16n * MiB, 1n << 63n, 3n].map(formatPageSize)).toEqual([
    '4 KiB',
    '64 KiB',
    '16 MiB',
    '8 EiB',
    '3 bytes',
  ])
})
