import { expect, test } from 'vitest'
import { callInput, formatInputLog, parseInputLog, placeOf, recordOf } from '../../src/snapshot/input-log.ts'
import { driven } from './driven-machine.ts'

test('a log is text and back, with whatever plain data its inputs were given', () => {
  const { machine } = driven()
  const record = recordOf(machine, 'send', [1n, Uint8Array.of(1), { deep: [undefined] }])
  const log = { inputs: [record], end: placeOf(machine) }

  expect(parseInputLog(formatInputLog(log))).toEqual(log)
})

test.each(['', '{', '[]', '[{"inputs":1},[]]', 'null'])('what is no log is refused: %j', (text) => {
  expect(() => parseInputLog(text)).toThrow(expect.objectContaining({ code: 'input.damaged' }))
})

test('an input is given a copy of its arguments', () => {
  const { machine, inputs, adder } = driven()
  const values = [1, 2]

  callInput(machine, inputs ?? {}, 'sendAll', [{ values }])

  expect([values, adder.sum]).toEqual([[1, 2], 3])
})

test('an unknown input is refused with the known ones, and one from inside an event', () => {
  const { machine, inputs } = driven()
  machine.at(5n, () => callInput(machine, inputs ?? {}, 'send', [1]))

  expect(() => callInput(machine, inputs ?? {}, 'toString', [])).toThrow(
    "machine 'driven' has no input 'toString': its inputs are [send, sendAll, plug]",
  )
  expect(() => machine.run({ until: 9n })).toThrow(expect.objectContaining({ code: 'input.inside' }))
})
