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

  test('keeps its turn when it is brought forward to where it is', () => {
    const queue = new EventQueue()
    const order: string[] = []
    const [first, second] = ['first', 'second'].map((name) => new Timer(queue, () => order.push(name))) as [
      Timer,
      Timer,
    ]
    first.mod(10)
    second.mod(10)

    first.modAnticipate(10)
    runUntil(queue, 10)

    expect(order).toEqual(['first', 'second'])
  })

  test('that is set to the past waits behind what waits for now already, whichever past it is', () => {
    const queue = new EventQueue()
    const order: string[] = []
    const timers = ['due', 'late', 'later'].map((name) => new Timer(queue, () => order.push(name)))
    const [due, late, later] = timers as [Timer, Timer, Timer]
    queue.advanceTo(100)
    due.mod(100)

    late.mod(60)
    later.mod(10)
    expect(timers.map(({ expire }) => expire)).toEqual([100, 100, 100])
    runUntil(queue, 100)

    expect(order).toEqual(['due', 'late', 'later'])
  })

  test('that sets itself to the past for ever ends as a livelock with its name', () => {
    const queue = new EventQueue({ maxAtOneInstant: 10 })
    const timer: Timer = new Timer(queue, () => timer.mod(queue.now - 1), { name: 'watchdog' })
    queue.advanceTo(100)
    timer.mod(0)

    expect(() => runUntil(queue, 200)).toThrow('10 events happened at 100 and more wait for it: watchdog')
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
