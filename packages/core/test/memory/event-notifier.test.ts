import { expect, test, vi } from 'vitest'
import { EventNotifier } from '../../src/memory/index.ts'

test('a notifier counts its signals until they are taken', () => {
  const notifier = new EventNotifier('doorbell')

  notifier.signal()
  notifier.signal()

  expect([notifier.count, notifier.take(), notifier.count]).toEqual([2, 2, 0])
})

test('a notifier calls back when the signal has been counted', () => {
  const seen = vi.fn(() => notifier.count)
  const notifier = new EventNotifier('doorbell', seen)

  notifier.signal()

  expect(seen).toHaveReturnedWith(1)
})

test('a later notifier sorts behind an earlier one', () => {
  const first = new EventNotifier('first')

  expect(new EventNotifier('second').order).toBeGreaterThan(first.order)
})
