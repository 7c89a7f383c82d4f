import { expect, test } from 'vitest'
import { measureApart } from '../../src/suites/measure-apart.ts'
import { translateSuite } from '../../src/suites/translate.ts'

test('measures a case on a thread of its own, once what it needs is ready', async () => {
  let ready = 0
  const suite = { ...translateSuite, ready: async () => ready++ }

  const report = await measureApart(suite, 'tce')

  expect(report).toMatchObject({ name: 'tce', unit: 'translation', ns: expect.any(Number) })
  expect(ready).toBe(1)
})

test('says what the thread says of a case that there is not', async () => {
  const measured = measureApart(translateSuite, 'nothing')

  await expect(measured).rejects.toThrow(
    expect.objectContaining({ code: 'bench.unknown-case', facts: { suite: 'translate', case: 'nothing' } }),
  )
})

test('ends with the reason of an abort', async () => {
  const controller = new AbortController()
  const measured = measureApart(translateSuite, 'tce', controller.signal)

  controller.abort(new Error('enough'))

  await expect(measured).rejects.toThrow('enough')
})
