import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { WHOLE_SPACE } from '../../src/address/index.ts'
import { checkEvent, eventOver, mapEvent, unmapEvent } from '../../src/iommu/event.ts'

describe('IommuEvent', () => {
  test('gives the addresses of its page frames (TE-1)', () => {
    const event = mapEvent(2 ** 51, 4, 2 ** 52 - 4, 3, 14)

    expect(event.iova).toBe(2n ** 63n)
    expect(event.size).toBe(0x4000n)
    expect(event.addressMask).toBe(0x3fffn)
    expect(event.translatedAddress).toBe(2n ** 64n - 0x4000n)
  })

  test('covers exactly 2^64 bytes with the mask 2^64 - 1 (ND-6)', () => {
    const event = eventOver('unmap', WHOLE_SPACE)

    expect(event.iova).toBe(0n)
    expect(event.size).toBe(2n ** 64n)
    expect(event.addressMask).toBe(2n ** 64n - 1n)
    expect(() => checkEvent(event)).not.toThrow()
  })

  test('translates an unmap to address 0', () => {
    const event = eventOver('unmap', { start: 0x1234n, last: 0x2fffn }, { translatedAddress: 0x9234n, permission: 0 })

    expect(event.iova).toBe(0x1234n)
    expect(event.size).toBe(0x1dccn)
    expect(event.translatedAddress).toBe(0n)
  })

  test.prop([fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 2n ** 64n - 1n)], { numRuns: 100 })(
    'keeps ranges of any bytes',
    (a, b) => {
      const [start, last] = a < b ? [a, b] : [b, a]

      const event = eventOver('unmap', { start, last })

      expect(event.iova).toBe(start)
      expect(event.size).toBe(last - start + 1n)
    },
  )

  test('is one entry over a natural power of two, and the largest equal entries over anything else', () => {
    const to = { translatedAddress: 0n, permission: 1 }

    expect(eventOver('map', { start: 0x8000n, last: 0xffffn }, to).shift).toBe(15)
    expect(eventOver('map', WHOLE_SPACE, to).shift).toBe(64)
    expect(eventOver('map', { start: 0x2000n, last: 0x7fffn }, to).shift).toBe(13)
    expect(eventOver('map', { start: 0x1000n, last: 0x3fffn }, to).shift).toBe(12)
  })

  test('throws for a target that is another byte of its page', () => {
    const to = { translatedAddress: 0x10n, permission: 1 }

    expect(() => eventOver('map', { start: 0x1000n, last: 0x1fffn }, to)).toThrow(
      expect.objectContaining({ code: 'iommu.event' }),
    )
  })
})

describe('checkEvent', () => {
  test('throws for an unmap that grants a permission (ND-1)', () => {
    const event = unmapEvent(0, 1)
    event.permission = 1

    expect(() => checkEvent(event)).toThrow(expect.objectContaining({ code: 'iommu.event' }))
  })

  test('lets a map without permission through (ND-1)', () => {
    expect(() => checkEvent(mapEvent(0, 1, 0, 0, 12))).not.toThrow()
  })

  test('throws for pages beyond the end of the space (ND-6)', () => {
    expect(() => checkEvent(unmapEvent(2 ** 52 - 1, 2))).toThrow(expect.objectContaining({ code: 'iommu.event' }))
    expect(() => checkEvent(unmapEvent(0, 0))).toThrow(expect.objectContaining({ code: 'iommu.event' }))
  })
})
