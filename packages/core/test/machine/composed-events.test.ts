import { expect, test } from 'vitest'
import { ComposedEvents, checkKey, numberedKey } from '../../src/machine/composed-events.ts'
import { SimEvent } from '../../src/time/event.ts'

test('events are kept by key, and by their number until the machine runs', () => {
  const composed = new ComposedEvents('pc')
  composed.note(new SimEvent(() => {}, { name: 'plug' }))
  composed.note(new SimEvent(() => {}, { name: 'plug' }))
  composed.end()

  composed.note(new SimEvent(() => {}, { name: 'late' }))
  composed.make('beat', () => {})

  const keys: string[] = []
  composed.forEachEvent((_, key) => keys.push(key))
  expect(keys).toEqual(['beat', 'at 0 plug', 'at 1 plug'])
})

test('a key is one line that no numbered event has', () => {
  expect(numberedKey(3, new SimEvent(() => {}, { name: 'two\nlines' }))).toBe('at 3 two lines')
  for (const key of ['', 'a\nb', 'at 0 plug']) {
    expect(() => checkKey(key)).toThrow(expect.objectContaining({ code: 'machine.event-key' }))
  }
  checkKey('atlas')
})
