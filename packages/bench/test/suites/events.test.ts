import { expect, test } from 'vitest'
import { eventsSuite } from '../../src/suites/events.ts'

test('a sample that served no events fails, one that served all of them does not', async () => {
  const open = await eventsSuite.open('hold/10', true)

  expect(() => open?.check?.()).toThrow('events were lost')
  await open?.run()
  expect(() => open?.check?.()).not.toThrow()
})

test.each(['hold/0', 'hold', 'hold/x', 'fingerprint/1', 'turn/3', 'constructor'])(
  'there is no case %s',
  async (name) => {
    await expect(eventsSuite.open(name, true)).resolves.toBeUndefined()
  },
)

test.each(eventsSuite.cases(true))('a sample of %s does its work', async (name) => {
  const open = await eventsSuite.open(name.replace(/\d+$/, '100'), true)

  await open?.prepare?.()
  await open?.run()

  expect(() => open?.check?.()).not.toThrow()
  await open?.close?.()
})
