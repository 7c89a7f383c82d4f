import { expect, test } from 'vitest'
import { NamedEvents } from '../../src/machine/named-events.ts'
import { SimEvent } from '../../src/time/event.ts'
import { EventQueue } from '../../src/time/event-queue.ts'

test('an event is found by its key, and named after owner and key', () => {
  const events = new NamedEvents('timer')
  const expiry = events.make('expiry', () => {})
  const own = new SimEvent(() => {})

  events.add('own', own)

  expect([events.get('expiry'), events.get('own'), events.get('other')]).toEqual([expiry, own, undefined])
  expect([expiry.name, [...events].map(([key]) => key), events.size]).toEqual(['timer expiry', ['expiry', 'own'], 2])
})

test('a key is taken once, until it is dropped', () => {
  const events = new NamedEvents('timer')
  events.make('expiry', () => {})

  expect(() => events.make('expiry', () => {})).toThrow("'timer' cannot have a second event 'expiry'")

  events.drop('expiry')
  events.make('expiry', () => {})
})

test('what is dropped or cancelled waits no more', () => {
  const queue = new EventQueue()
  const events = new NamedEvents('timer')
  const [a, b, c] = ['a', 'b', 'c'].map((key, index) => {
    const event = events.make(key, () => {})
    queue.schedule(event, index + 1)
    return event
  })

  events.drop('a')
  expect([a?.scheduled, b?.scheduled]).toEqual([false, true])
  events.cancelAll()
  expect([b?.scheduled, events.size]).toEqual([false, 2])
  queue.schedule(c as SimEvent, 9)
  events.dropAll()
  expect([c?.scheduled, events.size]).toEqual([false, 0])
})
