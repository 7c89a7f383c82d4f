import { expect, test } from 'vitest'
import { TrafficSlots } from '../../../src/endpoints/traffic/traffic-slots.ts'

test('slots tell of the request that was put into them, and are used again', () => {
  const slots = new TrafficSlots(2)

  const first = slots.take(10, false)
  const second = slots.take(20, true)
  expect([first, second, slots.used]).toEqual([0, 1, 2])

  expect(slots.release(second)).toEqual({ due: 20, failed: true })
  expect([slots.take(30, false), slots.used]).toEqual([1, 2])
  expect(slots.release(0)).toEqual({ due: 10, failed: false })
})

test('slots are the same when they have been restored, and free when they were cleared', () => {
  const slots = new TrafficSlots(3)
  for (const due of [1, 2, 3]) slots.take(due, due === 2)
  slots.release(1)
  const copy = new TrafficSlots(3)

  copy.restore(structuredClone(slots.save()))

  expect(copy.used).toBe(2)
  expect([copy.take(4, true), copy.release(0), copy.release(1)]).toEqual([
    1,
    { due: 1, failed: false },
    { due: 4, failed: true },
  ])
  copy.clear()
  expect([copy.used, copy.take(0, false)]).toEqual([0, 0])
})
