import { describe, expect, test } from 'vitest'
import { runUntil } from '../../src/time/advance.ts'
import { EventQueue } from '../../src/time/event-queue.ts'
import { Timer } from '../../src/time/timer.ts'

const make = () => {
  const queue = new EventQueue()
  const expired: number[] = []
  return { queue, expired, timer: new Timer(queue, () => expired.push(queue.now), { name: 'watchdog' }) }
}

describe('Timer', () => {
  test('expires once, at the instant that was set last', () => {
    const { queue, expired, timer } = make()
    timer.mod(10)
    timer.mod(30)
    expect([timer.pending, timer.expire]).toEqual([true, 30])

    runUntil(queue, 100)

    expect(expired).toEqual([30])
    expect([timer.pending, timer.expire]).toEqual([false, -1])
  })

  test('does not expire when it is deleted', () => {
    const { queue, expired, timer } = make()
    timer.mod(10)

    timer.del()
    timer.del()
    runUntil(queue, 100)

    expect(expired).toEqual([])
  })

  test('is brought forward, but not put off, by modAnticipate', () => {
    const { timer } = make()

    timer.modAnticipate(50)
    timer.modAnticipate(60)
    expect(timer.expire).toBe(50)
    timer.modAnticipate(40)

    expect(timer.expire).toBe(40)
  })

  test('expires now when it is set to the past, and not at once when that is beyond the end of time', () => {
    const { queue, expired, timer } = make()
    queue.advanceTo(100)

    timer.mod(-5)
    expect(timer.expire).toBe(100)
    runUntil(queue, 100)

    expect(expired).toEqual([100])
    expect(() => timer.mod(2 ** 53)).toThrow(expect.objectContaining({ code: 'time.tick' }))
    expect(() => timer.mod(Number.NaN)).toThrow(expect.objectContaining({ code: 'time.tick' }))
  })
})
