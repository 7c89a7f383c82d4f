import { expect, test } from 'vitest'
import { eventsSuite } from '../../src/suites/events.ts'

test('a sample that served no events fails, one that served all of them does not', async () => {
  const open = await eventsSuite.open('hold/10')

  expect(() => open?.check?.()).toThrow('events were lost')
  await open?.run()
  expect(() => open?.check?.()).not.toThrow()
})

test.each(['hold/0', 'hold', 'hold/x'])('there is no case %s', (name) => {
  expect(eventsSuite.open(name)).toBeUndefined()
})
