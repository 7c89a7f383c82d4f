import { expect, test } from 'vitest'
import {
  callInput,
  formatInputLog,
  type InputRecord,
  parseInputLog,
  placeOf,
  repeatInput,
} from '../../src/snapshot/input-log.ts'
import { driven } from './driven-machine.ts'

test('a log is text and back, with whatever plain data its inputs were given', () => {
  const { machine } = driven()
  const inputs: InputRecord[] = []
  const keep = (record: InputRecord) => inputs.push(record)
  callInput(machine, { take: () => {} }, 'take', [1n, Uint8Array.of(1), { deep: [undefined] }], keep)
  const log = { inputs, end: placeOf(machine) }

  expect(parseInputLog(formatInputLog(log))).toEqual(log)
  expect(parseInputLog(`${formatInputLog(log)}\n`)).toEqual(log)
})

test.each(['', '{', '[]', '[{"inputs":1},[]]', 'null'])('what is no log is refused: %j', (text) => {
  expect(() => parseInputLog(text)).toThrow(expect.objectContaining({ code: 'input.damaged' }))
})

test('a log of which any bit has been turned, or the end cut, is refused', () => {
  const text = formatInputLog({ inputs: [], end: placeOf(driven().machine) })
  const damaged = Array.from(text, (letter, at) => {
    return text.slice(0, at) + String.fromCharCode(letter.charCodeAt(0) ^ 1) + text.slice(at + 1)
  })

  for (const other of [...damaged, text.slice(0, -1), 'deadbeef', `${text}0`]) {
    expect(() => parseInputLog(other)).toThrow(expect.objectContaining({ code: 'input.damaged' }))
  }
})

test('an input that throws is in the log, and throws again', () => {
  const { machine } = driven()
  const records: InputRecord[] = []
  let reason = 'full'
  const inputs = {
    fail: () => {
      if (reason !== '') throw new Error(reason)
    },
  }
  const call = () => callInput(machine, inputs, 'fail', [], (record) => records.push(record))

  expect(call).toThrow('full')
  expect(records).toEqual([expect.objectContaining({ name: 'fail', threw: 'Error: full' })])
  repeatInput(machine, inputs, records[0] as InputRecord)
  for (reason of ['empty', '']) {
    expect(() => repeatInput(machine, inputs, records[0] as InputRecord)).toThrow(
      "input 'fail' of machine 'driven' threw Error: full",
    )
  }
})

test('what an input throws that did not when it was recorded passes through', () => {
  const { machine } = driven()
  const inputs = {
    fail: () => {
      throw new RangeError('now')
    },
  }

  expect(() => repeatInput(machine, inputs, { ...placeOf(machine), name: 'fail', args: [] })).toThrow(RangeError)
})

test('arguments that are no plain data are refused before the call, and those that no text can hold with the log', () => {
  const { machine, inputs, adder } = driven()
  const end = placeOf(machine)
  const record = { ...end, name: 'send', args: [new Error('cloned')] }

  expect(() => callInput(machine, inputs ?? {}, 'send', [() => {}], () => {})).toThrow("the arguments of input 'send'")
  expect(() => formatInputLog({ inputs: [record], end })).toThrow(expect.objectContaining({ code: 'input.arguments' }))
  expect(adder.sum).toBe(0)
})

test('an input is given a copy of its arguments', () => {
  const { machine, inputs, adder } = driven()
  const values = [1, 2]

  callInput(machine, inputs ?? {}, 'sendAll', [{ values }], () => {})

  expect([values, adder.sum]).toEqual([[1, 2], 3])
})

test('an unknown input is refused with the known ones, and one from inside an event', () => {
  const { machine, inputs } = driven()
  machine.at(5n, () => callInput(machine, inputs ?? {}, 'send', [1], () => {}))

  expect(() => callInput(machine, inputs ?? {}, 'toString', [], () => {})).toThrow(
    "machine 'driven' has no input 'toString': its inputs are [send, sendAll, plug]",
  )
  expect(() => machine.run({ until: 9n })).toThrow(expect.objectContaining({ code: 'input.inside' }))
})
