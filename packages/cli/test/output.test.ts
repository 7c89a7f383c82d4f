import { expect, test } from 'vitest'
import { Output } from '../src/output.ts'

function written(json: boolean, act: (output: Output) => void): string {
  let text = ''
  act(
    new Output(json, (more) => {
      text += more
    }),
  )
  return text
}

function everything(output: Output): void {
  output.line('a line')
  output.line()
  output.table(['case', 'ns'], [['one', '1.5']])
  output.result({ events: 512 })
}

test('a person reads lines and tables, first column to the left, numbers to the right', () => {
  expect(written(false, everything)).toMatchInlineSnapshot(`
    "a line

    ┌──────┬─────┐
    │ case │  ns │
    ├──────┼─────┤
    │ one  │ 1.5 │
    └──────┴─────┘
    "
  `)
})

test('with --json there is one object and nothing else', () => {
  expect(JSON.parse(written(true, everything))).toEqual({ events: 512 })
})

test('a bigint is a number while that is exact, and a hex string beyond', () => {
  const values = [0n, -5n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 64n]

  const text = written(true, (output) => output.result({ values }))

  expect(JSON.parse(text)).toEqual({
    values: [0, -5, 9007199254740991, '0x20000000000000', '0x10000000000000000'],
  })
})
