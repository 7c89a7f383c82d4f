import { describe, expect, test } from 'vitest'
import { SimEvent } from '../../src/time/event.ts'
import { livelock } from '../../src/time/queue-errors.ts'

describe('queue errors', () => {
  test('name each of the events of a livelock once, and eight of them at most', () => {
    const events = Array.from({ length: 30 }, (_, id) => new SimEvent(() => {}, { name: `timer ${id % 10}` }))

    const error = livelock(42, 1000, events)

    expect(error.message).toMatchInlineSnapshot(
      `"1000 events happened at 42 and more wait for it: timer 0, timer 1, timer 2, timer 3, timer 4, timer 5, timer 6, timer 7; let them take time, or raise maxAtOneInstant"`,
    )
    expect(error.facts).toMatchObject({ time: 42, served: 1000 })
  })
})
