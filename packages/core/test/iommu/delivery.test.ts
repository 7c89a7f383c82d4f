import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { Delivery } from '../../src/iommu/delivery.ts'
import { eventOver, type IommuEvent, mapEvent, unmapEvent } from '../../src/iommu/event.ts'
import { NotifierFlag, type NotifierForm } from '../../src/iommu/notifier.ts'
import { format, record, refusal } from './make-iommu.ts'

function deliver(options: Parameters<typeof record>[0], change: IommuEvent, form: NotifierForm = 'entries'): string[] {
  const { notifier, log } = record(options)
  new Delivery().deliver(notifier, change, form, true)
  return log
}

describe('Delivery', () => {
  const slice = { flags: NotifierFlag.map | NotifierFlag.unmap, range: { start: 0x2000n, last: 0x4fffn } }

  test('drops what does not touch the range (ND-3, vector 16)', () => {
    expect(deliver(slice, unmapEvent(0, 1))).toEqual([])
    expect(deliver(slice, unmapEvent(5, 1))).toEqual([])
  })

  test('cuts an unmap to the range, whatever size is left (ND-3, ND-4, ND-5, vector 16)', () => {
    expect(deliver(slice, unmapEvent(0, 16))).toEqual(['unmap 0x2000+0x3000'])
    expect(deliver(slice, unmapEvent(4, 2))).toEqual(['unmap 0x4000+0x1000'])
  })

  test('drops what the flags do not ask for (ND-3, vector 16)', () => {
    expect(deliver(slice, unmapEvent(2, 1, 'dev-iotlb-unmap'))).toEqual([])
    expect(deliver({ flags: NotifierFlag.unmap }, mapEvent(0, 1, 0, 3, 12))).toEqual([])
    expect(deliver({ flags: NotifierFlag.devIotlbUnmap }, unmapEvent(2, 1, 'dev-iotlb-unmap'))).toHaveLength(1)
  })

  test('advances the target of a map that is cut at its front (ND-5, vector 16)', () => {
    expect(deliver(slice, mapEvent(1, 2, 0xa0, 3, 13))).toEqual(['map 0x2000+0x1000 -> 0xa1000 rw'])
  })

  test('cuts inside pages', () => {
    const range = { start: 0x2dfffn, last: 0x53000n }

    expect(deliver({ range }, mapEvent(0x28, 8, 0, 1, 15))).toEqual(['map 0x2dfff+0x2001 -> 0x5fff r'])
    expect(deliver({ range: { start: 0x1010n, last: 0x1010n } }, mapEvent(0, 4, 8, 2, 14))).toEqual([
      'map 0x1010+0x1 -> 0x9010 w',
    ])
  })

  test('cuts a change of several entries into events, except in the form of runs', () => {
    const change = mapEvent(0, 6, 0x10, 3, 13)
    const range = { start: 0x1000n, last: 0x4fffn }

    expect(deliver({ range }, change)).toEqual([
      'map 0x1000+0x1000 -> 0x11000 rw',
      'map 0x2000+0x2000 -> 0x12000 rw',
      'map 0x4000+0x1000 -> 0x14000 rw',
    ])
    expect(deliver({ range }, change, 'runs')).toEqual(['map 0x1000+0x4000 -> 0x11000 rw'])
  })

  test('delivers one entry of 2^64 bytes whole', () => {
    expect(deliver({}, mapEvent(0, 2 ** 52, 0, 3, 64))).toEqual(['map 0x0+0x10000000000000000 -> 0x0 rw'])
  })

  test('ends at a refusal, or collects it and goes on', () => {
    const notify = (event: IommuEvent) => (event.frame === 2 ? refusal('limit') : undefined)
    const change = mapEvent(0, 6, 0, 3, 13)
    const [stopping, collecting] = [new Delivery(), new Delivery()]

    stopping.deliver(record({ notify }).notifier, change, 'entries', true)
    collecting.deliver(record({ notify }).notifier, change, 'entries', false)

    expect([stopping.events, stopping.failures.length]).toEqual([2, 1])
    expect([collecting.events, collecting.failures.length]).toEqual([3, 1])
    expect(collecting.bytes).toBe(0x6000n)
  })

  const address = fc.bigInt(0n, 0x1ffffn)

  test.prop([address, address, address, address, fc.integer({ min: 12, max: 16 })], { numRuns: 200 })(
    'hands over each byte that is in event and range once, with its own target',
    (a, b, c, d, shift) => {
      const range = { start: a < b ? a : b, last: a < b ? b : a }
      const size = 1n << BigInt(shift)
      const start = ((c < d ? c : d) / size) * size
      const last = ((c < d ? d : c) / size) * size + size - 1n
      const change = eventOver('map', { start, last }, { translatedAddress: start + 0x100000n, permission: 3 })
      change.shift = shift
      const bytes: bigint[] = []
      const check = (event: IommuEvent): undefined => {
        expect(event.translatedAddress, format(event)).toBe(event.iova + 0x100000n)
        expect(event.iova / size, format(event)).toBe((event.iova + event.addressMask) / size)
        bytes.push(event.iova, event.iova + event.addressMask)
      }
      const delivery = new Delivery()

      delivery.deliver(record({ range, notify: check }).notifier, change, 'entries', true)

      const from = start > range.start ? start : range.start
      const to = last < range.last ? last : range.last
      if (from > to) expect(bytes).toEqual([])
      else expect([bytes[0], bytes.at(-1)]).toEqual([from, to])
      for (let at = 2; at < bytes.length; at += 2) expect(bytes[at]).toBe((bytes[at - 1] as bigint) + 1n)
      expect(delivery.bytes).toBe(from > to ? 0n : to - from + 1n)
    },
  )
})
