import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import {
  type AlignedBlock,
  alignedBlocks,
  alignedFrameBlocks,
  alignedFrameStretches,
} from '../../src/address/aligned-split.ts'
import { frameOf, LAST_FRAME } from '../../src/address/page-frame.ts'
import { type Range, WHOLE_SPACE } from '../../src/address/range.ts'
import { LAST_ADDRESS } from '../../src/address/units.ts'

const runs = { numRuns: 200 }
const anchors = [0n, 2n ** 53n, 2n ** 63n, LAST_ADDRESS]
const address = fc
  .tuple(fc.constantFrom(...anchors), fc.oneof(fc.bigInt(-9n, 9n), fc.bigInt(-(2n ** 40n), 2n ** 40n)))
  .map(([anchor, distance]) => BigInt.asUintN(64, anchor + distance))
const byteRange = fc
  .tuple(address, address)
  .map(([a, b]): Range => (a < b ? { start: a, last: b } : { start: b, last: a }))
const frameRange = byteRange.map((range) => ({ first: frameOf(range.start), last: frameOf(range.last) }))

/** Tries every size from the largest down at every place. */
function slowBlocks(range: Range, shifts: readonly number[]): AlignedBlock[] {
  const blocks: AlignedBlock[] = []
  for (let start = range.start; start <= range.last; ) {
    const shift =
      shifts.findLast((s) => start % 2n ** BigInt(s) === 0n && start + 2n ** BigInt(s) - 1n <= range.last) ?? 0
    blocks.push({ start, shift })
    start += 2n ** BigInt(shift)
  }
  return blocks
}

const everyShift = Array.from({ length: 65 }, (_, shift) => shift)

function frameBlocks(first: number, last: number, maxShift?: number): AlignedBlock[] {
  const blocks: AlignedBlock[] = []
  alignedFrameBlocks(first, last, (frame, shift) => blocks.push({ start: BigInt(frame) * 4096n, shift }), maxShift)
  return blocks
}

describe('alignedBlocks', () => {
  test('cuts [0x1000, 0x3fff] in 0x1000 and 0x2000 (vector 1)', () => {
    expect([...alignedBlocks({ start: 0x1000n, last: 0x3fffn })]).toEqual([
      { start: 0x1000n, shift: 12 },
      { start: 0x2000n, shift: 13 },
    ])
  })

  test('cuts [0, 0x2fff] in 0x2000 and 0x1000 (vector 1)', () => {
    expect([...alignedBlocks({ start: 0n, last: 0x2fffn })]).toEqual([
      { start: 0n, shift: 13 },
      { start: 0x2000n, shift: 12 },
    ])
  })

  test('cuts all but the first page in 52 pieces and leaves the whole space in one (vector 1)', () => {
    const shifts = [...alignedBlocks({ start: 0x1000n, last: LAST_ADDRESS })].map((block) => block.shift)

    expect(shifts).toEqual(everyShift.slice(12, 64))
    expect([...alignedBlocks(WHOLE_SPACE)]).toEqual([{ start: 0n, shift: 64 }])
  })

  it.for([
    { last: 0xfedfffffn, start: 0n, shifts: [31, 30, 29, 28, 27, 26, 25, 23, 22, 21] },
    { last: 2n ** 39n - 1n, start: 0xfef00000n, shifts: [20, 24, 32, 33, 34, 35, 36, 37, 38] },
  ])('cuts around the interrupt window up to $last as VT-d does (vector 2)', ({ start, last, shifts }) => {
    expect([...alignedBlocks({ start, last })].map((block) => block.shift)).toEqual(shifts)
  })

  test('needs 18 pieces from the interrupt window to 2^48 (vector 2)', () => {
    expect([...alignedBlocks({ start: 0xfef00000n, last: 2n ** 48n - 1n })]).toHaveLength(18)
  })

  const windows: [string, Range, number[]][] = [
    ['below the interrupt window', { start: 0n, last: 0xfedf_ffffn }, [31, 30, 29, 28, 27, 26, 25, 23, 22, 21]],
    ['above it, up to 39 bits', { start: 0xfef0_0000n, last: 2n ** 39n - 1n }, [20, 24, 32, 33, 34, 35, 36, 37, 38]],
  ]

  test.each(windows)(
    'cuts the space %s as an IOMMU with a hole for interrupts unmaps it (vector 2)',
    (_, range, shifts) => {
      expect([...alignedBlocks(range)].map(({ shift }) => shift)).toEqual(shifts)
    },
  )

  test('cuts what is above it up to 48 bits into 18 pieces (vector 2)', () => {
    expect([...alignedBlocks({ start: 0xfef0_0000n, last: 2n ** 48n - 1n })]).toHaveLength(18)
  })

  test.prop({ range: byteRange }, runs)('takes the largest piece at every place (vector 3)', ({ range }) => {
    expect([...alignedBlocks(range)]).toEqual(slowBlocks(range, everyShift))
  })

  test('stays below a limit of the block size', () => {
    expect([...alignedBlocks({ start: 0n, last: 0x3fffn }, 13)]).toEqual([
      { start: 0n, shift: 13 },
      { start: 0x2000n, shift: 13 },
    ])
  })
})

describe('alignedFrameBlocks', () => {
  test.prop({ range: frameRange }, runs)('cuts pages as alignedBlocks cuts their bytes', ({ range }) => {
    const bytes = { start: BigInt(range.first) * 4096n, last: BigInt(range.last) * 4096n + 4095n }

    expect(frameBlocks(range.first, range.last)).toEqual([...alignedBlocks(bytes)])
  })

  test('leaves the whole space in one block of 2^64 bytes', () => {
    expect(frameBlocks(0, LAST_FRAME)).toEqual([{ start: 0n, shift: 64 }])
  })

  test('stays below a limit of the block size', () => {
    expect(frameBlocks(0, LAST_FRAME, 63)).toEqual([
      { start: 0n, shift: 63 },
      { start: 2n ** 63n, shift: 63 },
    ])
  })
})

describe('alignedFrameStretches', () => {
  const pageSizes = fc.subarray([12, 14, 16, 21], { minLength: 1 })
  const nearAnchor = fc.tuple(fc.constantFrom(0, 2 ** 41, 2 ** 51, LAST_FRAME + 1), fc.nat(3000), fc.nat(3000))

  test.prop({ shifts: pageSizes, place: nearAnchor }, runs)(
    'names every block of the allowed sizes once, in stretches',
    ({ shifts, place: [anchor, before, after] }) => {
      const smallest = 2 ** ((shifts[0] ?? 12) - 12)
      const first = Math.max(0, anchor - Math.ceil(before / smallest) * smallest)
      const last = Math.min(LAST_FRAME, anchor + (Math.floor(after / smallest) + 1) * smallest - 1)
      const expected = slowBlocks({ start: BigInt(first) * 4096n, last: BigInt(last) * 4096n + 4095n }, shifts)
      const blocks: AlignedBlock[] = []
      let stretches = 0

      alignedFrameStretches(first, last, shifts, (frame, frames, shift) => {
        stretches++
        for (let at = frame; at < frame + frames; at += 2 ** (shift - 12))
          blocks.push({ start: BigInt(at) * 4096n, shift })
      })

      expect(blocks).toEqual(expected)
      expect(stretches).toBeLessThanOrEqual(2 * shifts.length)
    },
  )

  test('takes the whole space in one stretch, of one block or of 2^52', () => {
    const seen: number[][] = []

    alignedFrameStretches(0, LAST_FRAME, [12, 64], (...stretch) => seen.push(stretch))
    alignedFrameStretches(0, LAST_FRAME, [12], (...stretch) => seen.push(stretch))

    expect(seen).toEqual([
      [0, 2 ** 52, 64],
      [0, 2 ** 52, 12],
    ])
  })

  it.for([
    { first: 1, last: 16, shifts: [16] },
    { first: 0, last: 14, shifts: [16] },
    { first: 0, last: 0, shifts: [] },
    { first: 0, last: LAST_FRAME + 1, shifts: [12] },
  ])('refuses pages $first to $last in blocks of $shifts and visits nothing', ({ first, last, shifts }) => {
    const split = () => alignedFrameStretches(first, last, shifts, () => expect.unreachable())

    expect(split).toThrow(expect.objectContaining({ code: 'address.unaligned' }))
  })
})
