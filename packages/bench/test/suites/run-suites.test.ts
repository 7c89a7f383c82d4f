import { describe, expect, test } from 'vitest'
import { SUITES } from '../../src/suites/measure-case.ts'
import { runSuites } from '../../src/suites/run-suites.ts'

describe('runSuites', () => {
  test('reports medians with their spread under the keys of the contract', async () => {
    const report = await runSuites({ suites: ['translate'], cases: ['tce'], quick: true })

    expect(report).toEqual({
      node: process.version,
      cpu: expect.any(String),
      suites: [
        {
          suite: 'translate',
          cases: [
            expect.objectContaining({
              name: 'tce',
              ns: expect.any(Number),
              unit: 'translation',
              samples: expect.any(Number),
            }),
          ],
        },
      ],
    })
  })

  test('has a case for holding 1,000 events', async () => {
    const { suites } = await runSuites({ suites: ['events'], cases: ['hold/1000'], quick: true })

    expect(suites[0]?.cases[0]).toMatchObject({ name: 'hold/1000', unit: 'event', eventsPerSecond: expect.any(Number) })
  })

  test('names what there is where a suite or a case is unknown', async () => {
    await expect(runSuites({ suites: ['speed'] })).rejects.toThrow(
      'no suite speed: there are translate, memory, topology, pci, events, replay',
    )
    await expect(runSuites({ suites: ['events'], cases: ['hold'] })).rejects.toThrow('no case hold')
  })

  test('ends with the reason of an abort', async () => {
    const signal = AbortSignal.abort(new Error('enough'))

    await expect(runSuites({ suites: ['translate'], quick: true, signal })).rejects.toThrow('enough')
  })

  test('ends with the reason of an abort that comes after the last case', async () => {
    const controller = new AbortController()
    const onCase = (): void => controller.abort(new Error('enough'))
    const run = runSuites({ suites: ['translate'], cases: ['tce'], quick: true, signal: controller.signal, onCase })

    await expect(run).rejects.toThrow('enough')
  })

  test('runs every case of a short run on tables of at most 2^22 entries', () => {
    const names = SUITES.flatMap((suite) => suite.cases(true))

    expect(names.some((name) => /\/2[3-9]\//.test(name))).toBe(false)
  })
})
