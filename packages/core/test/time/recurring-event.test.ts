import { describe, expect, test } from 'vitest'
import { runUntil } from '../../src/time/advance.ts'
import { Clock } from '../../src/time/clock.ts'
import { EventQueue } from '../../src/time/event-queue.ts'
import { RecurringEvent } from '../../src/time/recurring-event.ts'
import { LAST_TICK } from '../../src/time/tick.ts'

const record = (clock: Clock, now = 0) => {
  const queue = new EventQueue()
  queue.advanceTo(now)
  const seen: [tick: number, edge: number][] = []
  const recurring = new RecurringEvent(queue, clock, (edge) => seen.push([queue.now, edge]), { name: 'tick' })
  return { queue, seen, recurring }
}

describe('RecurringEvent', () => {
  test('happens at every edge of its clock, without drift', () => {
    const { queue, seen, recurring } = record(new Clock(10, 3))

    recurring.start()
    runUntil(queue, 20)

    expect(seen).toEqual([0, 3, 6, 10, 13, 16, 20].map((tick, edge) => [tick, edge]))
    expect([recurring.running, recurring.edge]).toEqual([true, 7])
  })

  test('begins with the first edge that is not before now, or with the one asked for', () => {
    const { queue, seen, recurring } = record(new Clock(10), 15)

    recurring.start()
    runUntil(queue, 20)
    recurring.start(5)
    runUntil(queue, 60)

    expect(seen.map(([tick]) => tick)).toEqual([20, 50, 60])
  })

  test('happens once for edges that fall on one tick', () => {
    const { queue, seen, recurring } = record(new Clock(1, 4))

    recurring.start()
    runUntil(queue, 2)

    expect(seen).toEqual([
      [0, 3],
      [1, 7],
      [2, 11],
    ])
  })

  test('may be stopped by its action, and has no edge then', () => {
    const queue = new EventQueue()
    const recurring: RecurringEvent = new RecurringEvent(queue, new Clock(10), (edge) => edge === 1 && recurring.stop())

    recurring.start()
    runUntil(queue, 100)

    expect([queue.size, recurring.running, recurring.edge]).toEqual([0, false, -1])
  })

  test('knows the edge that its action is given, also where its event was restored', () => {
    const { queue, recurring } = record(new Clock(1, 4))
    recurring.start()
    expect(recurring.edge).toBe(3)

    queue.deschedule(recurring.event)
    queue.scheduleAs(recurring.event, 7, 0)

    expect(recurring.edge).toBe(31)
  })

  test.each([-1, 1.5, Number.NaN])('refuses to begin with edge %d, and goes on as before', (edge) => {
    const { recurring } = record(new Clock(10))
    recurring.start(2)

    expect(() => recurring.start(edge)).toThrow(`'tick' cannot begin with edge ${edge}`)

    expect(recurring.edge).toBe(2)
  })

  test('ends at the end of virtual time', () => {
    const { queue, seen, recurring } = record(new Clock(LAST_TICK - 5))

    recurring.start(1)
    runUntil(queue, LAST_TICK)

    expect([seen.length, recurring.running]).toEqual([1, false])
  })
})
