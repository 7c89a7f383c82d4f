import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { Stitcher } from '../../src/replay/stitch.ts'
import { lanesOf, listed } from './scene.ts'

const RW = 3 | (12 << 2)

function stitch(parts: readonly (readonly number[])[][]): number[][] {
  const found: number[][] = []
  const stitcher = new Stitcher((runs, count) => found.push(...listed(runs, count)))
  for (const part of parts) stitcher.add(lanesOf(part), part.length)
  stitcher.end()
  return found
}

describe('Stitcher', () => {
  test('joins a run that goes on over several shards, and nothing else', () => {
    const found = stitch([
      [
        [0, 4, 100, RW],
        [8, 2, 200, RW],
      ],
      [[10, 5, 202, RW]],
      [],
      [
        [15, 1, 207, RW],
        [17, 1, 209, RW],
      ],
    ])

    expect(found).toEqual([
      [0, 4, 100, RW],
      [8, 8, 200, RW],
      [17, 1, 209, RW],
    ])
  })

  test.each([
    ['a gap', [5, 1, 105, RW]],
    ['another target', [4, 1, 105, RW]],
    ['another permission', [4, 1, 104, 1 | (12 << 2)]],
    ['another page size', [4, 1, 104, 3 | (21 << 2)]],
  ])('keeps runs apart at %s', (_, next) => {
    const found = stitch([[[0, 4, 100, RW]], [next]])

    expect(found).toEqual([[0, 4, 100, RW], next])
  })

  test.prop([
    fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 9 }), fc.nat(1)), { maxLength: 12 }),
    fc.integer({ min: 1, max: 7 }),
  ])('gives the runs back whatever pieces they were cut into', (drawn, most) => {
    const runs: number[][] = []
    let iova = 0
    for (const [gap, frames, far] of drawn) {
      iova += gap + 1
      runs.push([iova, frames, iova + 1000 * (far + 2 * runs.length), RW])
      iova += frames
    }
    const pieces = runs.flatMap(([first = 0, frames = 0, target = 0, meta = 0]) => {
      const cut: number[][][] = []
      for (let done = 0; done < frames; done += most) {
        cut.push([[first + done, Math.min(most, frames - done), target + done, meta]])
      }
      return cut
    })

    const found = stitch(pieces)

    expect(found).toEqual(runs)
  })
})
