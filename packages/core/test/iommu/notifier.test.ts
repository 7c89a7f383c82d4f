import { describe, expect, test } from 'vitest'
import { unmapEvent } from '../../src/iommu/event.ts'
import { flagOf, Notifier, NotifierFlag } from '../../src/iommu/notifier.ts'

const notify = (): undefined => undefined

describe('Notifier', () => {
  test('throws without a flag, and for a range that ends before it begins (NR-2)', () => {
    const code = expect.objectContaining({ code: 'iommu.notifier' })

    expect(() => new Notifier({ flags: NotifierFlag.none, notify })).toThrow(code)
    expect(() => new Notifier({ flags: 8, notify })).toThrow(code)
    expect(() => new Notifier({ flags: NotifierFlag.map, range: { start: 2n, last: 1n }, notify })).toThrow(code)
  })

  test('covers the whole space unless told, however small the region is (NR-3)', () => {
    const notifier = new Notifier({ flags: NotifierFlag.map, notify })

    expect(notifier.range.last).toBe(2n ** 64n - 1n)
    expect([notifier.firstFrame, notifier.lastFrame, notifier.head, notifier.tail]).toEqual([0, 2 ** 52 - 1, 0, 0])
  })

  test('knows its range as pages and the bytes of the first and the last that are outside', () => {
    const notifier = new Notifier({ flags: 1, range: { start: 0x2dfffn, last: 0x53000n }, notify })

    expect([notifier.firstFrame, notifier.lastFrame, notifier.head, notifier.tail]).toEqual([0x2d, 0x53, 0xfff, 0xfff])
  })

  test('takes a refusal of nothing for an acceptance', () => {
    const notifier = new Notifier({ flags: 1, notify: () => [] })

    expect(notifier.notify(unmapEvent(0, 1))).toBeUndefined()
  })
})

test('flagOf gives the bits of the field (memory-model, section 0)', () => {
  expect([flagOf('unmap'), flagOf('map'), flagOf('dev-iotlb-unmap')]).toEqual([1, 2, 4])
})
