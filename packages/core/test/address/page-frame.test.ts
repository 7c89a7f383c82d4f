import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import {
  addressOf,
  frameOf,
  frameRangeOf,
  LAST_FRAME,
  PAGE_SIZE,
  PAGE_SIZE_BIGINT,
  splitAddress,
} from '../../src/address/page-frame.ts'
import { WHOLE_SPACE } from '../../src/address/range.ts'
import { LAST_ADDRESS } from '../../src/address/units.ts'

const boundaries = [0n, 1n, 0xfffn, 0x1000n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n]
const highBoundaries = [2n ** 63n - 1n, 2n ** 63n, LAST_ADDRESS - 0x1000n, LAST_ADDRESS - 0xfffn, LAST_ADDRESS]
const anyAddress = fc.oneof(
  fc.constantFrom(...boundaries, ...highBoundaries),
  fc.bigInt({ min: 0n, max: LAST_ADDRESS }),
)

describe('page frames', () => {
  it.for([...boundaries, ...highBoundaries])('split %s into frame and offset', (address) => {
    const { frame, offset } = splitAddress(address)

    expect(BigInt(frame) * PAGE_SIZE_BIGINT + BigInt(offset)).toBe(address)
  })

  test.prop({ address: anyAddress }, { numRuns: 200 })('agree with bigint division', ({ address }) => {
    const split = splitAddress(address)

    expect(split).toEqual({ frame: Number(address / PAGE_SIZE_BIGINT), offset: Number(address % PAGE_SIZE_BIGINT) })
    expect(frameOf(address)).toBe(split.frame)
    expect(addressOf(split.frame)).toBe(address - BigInt(split.offset))
  })

  test('give the size of the whole space for 2^52 frames', () => {
    expect(addressOf(LAST_FRAME)).toBe(LAST_ADDRESS - BigInt(PAGE_SIZE) + 1n)
    expect(addressOf(LAST_FRAME + 1)).toBe(2n ** 64n)
  })
})

describe('frameRangeOf', () => {
  test('gives the frames of whole pages, up to the whole space', () => {
    expect(frameRangeOf({ start: 0x1000n, last: 0x3fffn })).toEqual({ first: 1, last: 3 })
    expect(frameRangeOf({ start: 2n ** 63n, last: 2n ** 63n + 0xfffn })).toEqual({ first: 2 ** 51, last: 2 ** 51 })
    expect(frameRangeOf(WHOLE_SPACE)).toEqual({ first: 0, last: LAST_FRAME })
  })

  const anyEdge = fc.oneof(
    { weight: 1, arbitrary: anyAddress },
    { weight: 3, arbitrary: anyAddress.map((address) => address - (address % PAGE_SIZE_BIGINT)) },
  )

  test.prop({ start: anyEdge, end: anyEdge }, { numRuns: 200 })('agrees with bigint division', ({ start, end }) => {
    const range = { start, last: end - 1n }

    if (start >= end || start % 4096n !== 0n || end % 4096n !== 0n) {
      expect(() => frameRangeOf(range)).toThrow(expect.objectContaining({ code: 'address.unaligned' }))
    } else {
      expect(frameRangeOf(range)).toEqual({ first: Number(start / 4096n), last: Number(range.last / 4096n) })
    }
  })

  it.for([
    { start: 0x800n, last: 0xfffn },
    { start: 0n, last: 0xffen },
    { start: 0x2000n, last: 0xfffn },
    { start: -0x1000n, last: 0xfffn },
    { start: 0n, last: 2n ** 65n - 1n },
  ])('refuses $start to $last, which are not whole pages of the space', (range) => {
    expect(() => frameRangeOf(range)).toThrow(expect.objectContaining({ code: 'address.unaligned' }))
  })
})
