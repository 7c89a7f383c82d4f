import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { importBitmap } from '../../../src/memory/dirty/bitmap-import.ts'
import { DirtyBlock } from '../../../src/memory/dirty/dirty-block.ts'
import { DirtyClient } from '../../../src/memory/dirty/dirty-client.ts'

function cleanBlock(pages: number): DirtyBlock {
  const block = new DirtyBlock(BigInt(pages) * 4096n, () => 0)
  block.clearRange(0, pages - 1, DirtyClient.all)
  return block
}

describe('importBitmap', () => {
  test('marks the pages of little-endian bits for the clients it is told, and counts the bits (DL-11)', () => {
    const block = cleanBlock(64)

    const count = importBitmap(block, 4, Uint8Array.of(0b0000_0101, 0b1000_0000), DirtyClient.vga)

    expect(count).toBe(3)
    expect([...block.bits(DirtyClient.vga).runs(0, 63)].map(({ first }) => first)).toEqual([4, 6, 19])
    expect(block.bits(DirtyClient.migration).any(0, 63)).toBe(false)
  })

  test.prop([fc.uint8Array({ maxLength: 6 }), fc.constantFrom(1, 2, 16), fc.nat(40)], { numRuns: 100 })(
    'marks as many pages of 4 KiB a bit as a host page has (DL-11)',
    (bitmap, pages, frame) => {
      const block = cleanBlock(100)
      const expected = new Set<number>()
      let bits = 0
      for (let bit = 0; bit < bitmap.length * 8; bit++) {
        if ((((bitmap[bit >> 3] as number) >> (bit & 7)) & 1) === 0) continue
        bits++
        for (let page = 0; page < pages; page++) expected.add(frame + bit * pages + page)
      }

      const count = importBitmap(block, frame, bitmap, DirtyClient.migration, pages * 4096)

      expect(count).toBe(bits)
      for (let page = 0; page < 100; page++) {
        expect(block.bits(DirtyClient.migration).has(page)).toBe(expected.has(page))
      }
    },
  )

  test('throws for pages of the host that are not whole pages of 4 KiB, and marks nothing', () => {
    const block = cleanBlock(8)

    const importing = () => importBitmap(block, 0, Uint8Array.of(0xff), DirtyClient.vga, 2048)

    expect(importing).toThrow(expect.objectContaining({ code: 'memory.dirty-import' }))
    expect(block.bits(DirtyClient.vga).any(0, 7)).toBe(false)
  })
})
