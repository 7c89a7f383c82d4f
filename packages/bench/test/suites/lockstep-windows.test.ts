import { expect, test } from 'vitest'
import { lockstepCase } from '../../src/suites/lockstep-windows.ts'

test.each([
  ['window', undefined, 'window'],
  ['phold', '10', 'event'],
])('a sample of %s %s does its work on two workers, and one that did not fails', async (kind, size, unit) => {
  const open = await lockstepCase(kind, size, true)

  try {
    expect(open?.unit).toBe(unit)
    await open?.prepare?.()
    expect(() => open?.check?.()).toThrow()
    await open?.run()
    expect(() => open?.check?.()).not.toThrow()
  } finally {
    await open?.close?.()
  }
})

test.each([
  ['window', '5'],
  ['phold', undefined],
])('there is no case %s with %s', async (kind, size) => {
  expect(await lockstepCase(kind, size)).toBeUndefined()
})
