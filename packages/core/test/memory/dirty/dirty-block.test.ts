import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { TiB } from '../../../src/address/units.ts'
import { DirtyBlock } from '../../../src/memory/dirty/dirty-block.ts'
import { DirtyClient, type OneDirtyClient } from '../../../src/memory/dirty/dirty-client.ts'

const clients: readonly OneDirtyClient[] = [DirtyClient.vga, DirtyClient.code, DirtyClient.migration]

/** A block of `pages` clean pages that logs for `mask`. */
function cleanBlock(pages: number, mask: number): DirtyBlock {
  const block = new DirtyBlock(BigInt(pages) * 4096n, () => mask)
  block.clearRange(0, pages - 1, DirtyClient.all)
  return block
}

/** The dirty pages of each client. */
function dirty(block: DirtyBlock): number[][] {
  return clients.map((client) =>
    [...block.bits(client).runs(0, block.pages - 1)].flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, index) => first + index),
    ),
  )
}

describe('DirtyBlock', () => {
  test('of new memory is dirty for everybody, at no cost however large (DL-3)', () => {
    const block = new DirtyBlock(TiB, () => 0)

    const all = clients.map((client) => block.bits(client).all(0, 2 ** 28 - 1))

    expect([...all, block.pages, block.committedBytes]).toEqual([true, true, true, 2 ** 28, 0])
  })

  test('is dirty for everybody after a resize, whatever was clean (DL-3)', () => {
    const block = cleanBlock(4, 0)

    block.resize(6n * 4096n - 1n)

    expect(dirty(block)).toEqual([0, 1, 2].map(() => [0, 1, 2, 3, 4, 5]))
  })

  test.prop([fc.nat(6), fc.nat(4095), fc.integer({ min: 1, max: 9000 })], { numRuns: 100 })(
    'marks every page that a write touches (DL-4)',
    (frame, byte, length) => {
      const block = cleanBlock(12, DirtyClient.vga | DirtyClient.migration)
      const touched = new Set<number>()
      for (let at = 0; at < length; at++) touched.add(frame + Math.floor((byte + at) / 4096))

      block.mark(frame, byte, length)

      expect(dirty(block)).toEqual([[...touched], [], [...touched]])
    },
  )

  test('does not mark the page behind a write that ends with its page (DL-4)', () => {
    const block = cleanBlock(4, DirtyClient.migration)

    block.mark(1, 0, 4096)
    block.mark(3, 4095, 1)

    expect(dirty(block)[2]).toEqual([1, 3])
  })

  test('marks only for those who log (DL-4)', () => {
    const masks = [0, DirtyClient.vga, DirtyClient.migration].map((mask) => cleanBlock(2, mask))

    for (const block of masks) block.mark(1, 0, 1)

    expect(masks.map(dirty)).toEqual([
      [[], [], []],
      [[1], [], []],
      [[], [], [1]],
    ])
  })

  test('has code dropped of pages that are clean, and leaves their bit alone (DL-4)', () => {
    const block = cleanBlock(4, DirtyClient.code)
    const dropped: number[][] = []
    block.dropCode = (first, last) => dropped.push([first, last])
    block.setRange(2, 3, DirtyClient.code)

    block.mark(1, 4095, 2)
    block.mark(2, 0, 8192)

    expect(dropped).toEqual([[1, 2]])
    expect(dirty(block)[1]).toEqual([2, 3])
  })

  test('gives out a copy of whole groups of 64 pages and clears them: neighbours lose their bit (DL-5)', () => {
    const block = cleanBlock(300, 0)
    block.setRange(0, 299, DirtyClient.all)

    const taken = block.takeGroups(70, 130, DirtyClient.vga)

    expect([...taken.runs(0, 299)]).toEqual([{ first: 64, last: 191 }])
    expect([...block.bits(DirtyClient.vga).runs(0, 299)]).toEqual([
      { first: 0, last: 63 },
      { first: 192, last: 299 },
    ])
    expect(block.bits(DirtyClient.migration).all(0, 299)).toBe(true)
  })

  test('ends the last group with the block (DL-5)', () => {
    const block = new DirtyBlock(70n * 4096n, () => 0)

    const taken = block.takeGroups(69, 69, DirtyClient.migration)

    expect([...taken.runs(0, 69)]).toEqual([{ first: 64, last: 69 }])
    expect(block.bits(DirtyClient.migration).count(0, 69)).toBe(64)
  })

  test('says whether a page of a range was dirty, and clears that range alone (DL-7)', () => {
    const block = cleanBlock(8, 0)
    block.setRange(2, 5, DirtyClient.vga)

    const answers = [
      block.testAndClear(0, 1, DirtyClient.vga),
      block.testAndClear(1, 3, DirtyClient.vga),
      block.testAndClear(1, 3, DirtyClient.vga),
    ]

    expect(answers).toEqual([false, true, false])
    expect(dirty(block)[0]).toEqual([4, 5])
  })
})
