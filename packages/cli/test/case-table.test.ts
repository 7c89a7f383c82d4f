import { expect, test } from 'vitest'
import { printCases } from '../src/case-table.ts'
import { Output } from '../src/output.ts'

test('a case is a row: median and spread in three digits, facts behind, what is unknown left out', () => {
  let text = ''
  const output = new Output(false, (more) => {
    text += more
  })

  printCases(output, [
    {
      name: 'dense/26/0',
      ns: 0.81234,
      unit: 'page',
      min: 0.8,
      max: 1.25,
      samples: 12,
      rme: 1.5,
      runs: 2,
      pagesPerSecond: 1_231_000_000,
      tableGBps: 9.85,
      kernel: 'simd',
    },
    { name: 'replay_loop.c', baseline: 'not built' },
    { name: 'hold/1000', ns: 55, unit: 'event', samples: 3, rme: 0.5 } as never,
  ])

  expect(text).toMatchInlineSnapshot(`
    "┌───────────────┬───────────┬───────┬───────┬──────┬─────────┬──────────────────────────────────────────────────────────┐
    │ case          │ median ns │   per │   min │  max │ samples │                                                    facts │
    ├───────────────┼───────────┼───────┼───────┼──────┼─────────┼──────────────────────────────────────────────────────────┤
    │ dense/26/0    │     0.812 │  page │ 0.800 │ 1.25 │      12 │ 2 runs, 1230 M pages/s, 9.85 GB/s of table, kernel: simd │
    │ replay_loop.c │           │       │       │      │         │                                      baseline: not built │
    │ hold/1000     │        55 │ event │       │      │       3 │                                                          │
    └───────────────┴───────────┴───────┴───────┴──────┴─────────┴──────────────────────────────────────────────────────────┘
    "
  `)
})
