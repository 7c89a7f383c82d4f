import { describe, expect, test } from 'vitest'
import { EventPriority, SimEvent } from '../../src/time/event.ts'
import { EventQueue } from '../../src/time/event-queue.ts'

describe('SimEvent', () => {
  test('knows whether and when it happens', () => {
    const queue = new EventQueue()
    const event = new SimEvent(() => {}, { name: 'timer' })

    const before = [event.scheduled, event.time]
    queue.schedule(event, 2 ** 40)
    const waiting = [event.scheduled, event.time]
    queue.serviceOne()

    expect(before).toEqual([false, Number.NaN])
    expect(waiting).toEqual([true, 2 ** 40])
    expect([event.scheduled, event.time]).toEqual([false, Number.NaN])
  })

  test.for([
    { priority: -32768, source: 0 },
    { priority: -1, source: 65535 },
    { priority: EventPriority.last, source: 7 },
    { priority: 32767, source: 65535 },
  ])('keeps priority $priority and source $source', (order) => {
    const event = new SimEvent(() => {}, order)

    expect({ priority: event.priority, source: event.source }).toEqual(order)
  })

  test.for([{ priority: 0.5 }, { priority: -32769 }, { priority: 32768 }, { source: -1 }, { source: 65536 }])(
    'refuses %o',
    (order) => {
      expect(() => new SimEvent(() => {}, order)).toThrow(expect.objectContaining({ code: 'time.order' }))
    },
  )

  test('is named after its action where it has no name', () => {
    expect(new SimEvent(function tick() {}).name).toBe('tick')
    expect(new SimEvent(() => {}).name).toBe('anonymous')
  })
})
