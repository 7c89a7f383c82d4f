import { describe, expect, test } from 'vitest'
import { clockStep, runUntil } from '../../src/time/advance.ts'
import { SimEvent } from '../../src/time/event.ts'
import { EventQueue } from '../../src/time/event-queue.ts'

const queueWith = (...times: number[]) => {
  const queue = new EventQueue()
  const seen: number[] = []
  for (const time of times) queue.schedule(new SimEvent(() => seen.push(time)), time)
  return { queue, seen }
}

describe('runUntil', () => {
  test('serves what is due up to and at the time and moves on to it', () => {
    const { queue, seen } = queueWith(5, 10, 11)

    const served = runUntil(queue, 10)

    expect([served, seen, queue.now]).toEqual([2, [5, 10], 10])
    expect(() => runUntil(queue, 9)).toThrow(expect.objectContaining({ code: 'time.past' }))
  })

  test.each([10.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'serves nothing on its way to %d, which is no tick',
    (time) => {
      const { queue, seen } = queueWith(5)

      expect(() => runUntil(queue, time)).toThrow(expect.objectContaining({ code: 'time.tick' }))
      expect(() => clockStep(queue, time)).toThrow(expect.objectContaining({ code: 'time.tick' }))

      expect([seen, queue.now]).toEqual([[], 0])
    },
  )
})

describe('clockStep', () => {
  test('moves on to the next event and serves all of its instant', () => {
    const { queue, seen } = queueWith(7, 7, 9)

    expect([clockStep(queue), clockStep(queue), clockStep(queue)]).toEqual([7, 9, 9])

    expect(seen).toEqual([7, 7, 9])
  })

  test('moves on by a number of ticks', () => {
    const { queue, seen } = queueWith(7, 12)

    expect([clockStep(queue, 5), clockStep(queue, 5)]).toEqual([5, 10])

    expect(seen).toEqual([7])
  })
})
