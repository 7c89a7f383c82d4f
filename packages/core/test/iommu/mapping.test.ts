import { describe, expect, test } from 'vitest'
import { entriesOf, permissionOf } from '../../src/iommu/mapping.ts'

const ALL_SHIFTS = Array.from({ length: 53 }, (_, order) => 12 + order)

describe('entriesOf', () => {
  test('takes the largest entries that are aligned at both ends', () => {
    const entries = entriesOf({ iova: 0x1000n, size: 0x7000n, to: 0x11000n, access: 'rw' }, ALL_SHIFTS)

    expect(entries.map(({ frame, frames, target, shift }) => [frame, frames, target, shift])).toEqual([
      [1, 1, 0x11, 12],
      [2, 2, 0x12, 13],
      [4, 4, 0x14, 14],
    ])
  })

  test('takes no larger entries than iova and target are aligned to each other', () => {
    const entries = entriesOf({ iova: 0n, size: 2n ** 63n, to: 0x2000n, access: 'r' }, ALL_SHIFTS)

    expect(entries).toHaveLength(1)
    expect(entries[0]).toMatchObject({ frame: 0, frames: 2 ** 51, target: 2, shift: 13, permission: 1 })
  })

  test('maps all 2^64 bytes with one entry', () => {
    const entries = entriesOf({ iova: 0n, size: 2n ** 64n, to: 0n, access: 'rw' }, ALL_SHIFTS)

    expect(entries).toMatchObject([{ frame: 0, frames: 2 ** 52, shift: 64 }])
  })

  test('takes the page size that is asked for', () => {
    const entries = entriesOf({ iova: 0n, size: 0x10000n, to: 0n, access: 'w', pageSize: 0x4000n }, ALL_SHIFTS)

    expect(entries).toMatchObject([{ frames: 16, shift: 14 }])
  })

  test('throws for what cannot be made of whole entries', () => {
    const code = expect.objectContaining({ code: 'iommu.mapping' })

    expect(() => entriesOf({ iova: 0x800n, size: 0x1000n, to: 0x800n, access: 'rw' }, ALL_SHIFTS)).toThrow(code)
    expect(() => entriesOf({ iova: 0n, size: 0x1000n, to: 0x800n, access: 'rw' }, ALL_SHIFTS)).toThrow(code)
    expect(() => entriesOf({ iova: 0n, size: 0x1000n, to: 0n, access: 'rw', pageSize: 0x10000n }, ALL_SHIFTS)).toThrow(
      code,
    )
    expect(() => entriesOf({ iova: 0n, size: 0x1000n, to: 0n, access: 'rw' }, [16])).toThrow(code)
    expect(() => entriesOf({ iova: 0n, size: 0x2000n, to: 2n ** 64n - 0x1000n, access: 'rw' }, ALL_SHIFTS)).toThrow(
      expect.objectContaining({ code: 'address.range' }),
    )
  })
})

test('permissionOf reads access letters', () => {
  expect([permissionOf('r'), permissionOf('w'), permissionOf('rw')]).toEqual([1, 2, 3])
})
