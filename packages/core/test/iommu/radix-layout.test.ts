import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { leafFlags, levelOf, shiftOf, slotOf, slotStart, targetOf } from '../../src/iommu/radix-layout.ts'

const frame = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 52 - 1 }),
  fc.constantFrom(0, 2 ** 27 - 1, 2 ** 27, 2 ** 51, 2 ** 52 - 1),
)

test.prop([frame, fc.integer({ min: 0, max: 5 })])(
  'slotOf and slotStart cut a frame into digits of 9 bits',
  (at, level) => {
    const shift = BigInt(9 * level)

    expect(slotOf(at, level)).toBe(Number((BigInt(at) >> shift) & 511n))
    expect(slotStart(at, level)).toBe(Number((BigInt(at) >> shift) << shift))
  },
)

test.prop([frame, fc.integer({ min: 12, max: 64 }), fc.integer({ min: 1, max: 3 })])(
  'a leaf holds target, size and permission',
  (target, shift, permission) => {
    const high = Math.floor(target / 2 ** 20) | 0
    const low = ((target % 2 ** 20) << 12) | leafFlags(permission, shift)

    expect([targetOf(low, high), shiftOf(low), low & 3]).toEqual([target, shift, permission])
  },
)

test('levelOf gives the highest level whose slots an entry fills', () => {
  expect([12, 20, 21, 29, 30, 57, 64].map(levelOf)).toEqual([0, 0, 1, 1, 2, 5, 5])
})
