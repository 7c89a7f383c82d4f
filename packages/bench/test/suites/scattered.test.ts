import { expect, test } from 'vitest'
import { measure } from '../../src/suites/measure.ts'
import { scattered } from '../../src/suites/scattered.ts'

test('measures a replay of 2^64 bytes, and finds what comes and goes between samples', async () => {
  const report = await measure('scattered/10', scattered(10), { quick: true })

  expect(report).toMatchObject({ name: 'scattered/10', unit: 'replay', mappings: 10 })
})

test('fails where a mapping is not found', () => {
  const open = scattered(10)
  open.prepare?.()

  open.run()
  open.prepare?.()

  expect(() => open.check?.()).toThrow('11 mappings were found where there are 10')
})
