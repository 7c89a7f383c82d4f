import { test as property } from '@fast-check/vitest'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatInputLog, type InputLog, parseInputLog } from '../../src/snapshot/input-log.ts'
import { InputRecorder, replayInputs } from '../../src/snapshot/input-replay.ts'
import { memoryFingerprint } from '../../src/snapshot/memory-fingerprint.ts'
import { takeSnapshot } from '../../src/snapshot/snapshot.ts'
import { type Driven, driven } from './driven-machine.ts'

function recorded(steps: readonly (readonly [ticks: number, events: number, value: number])[]): [Driven, InputLog] {
  const run = driven()
  const recorder = new InputRecorder(run.machine, run.inputs ?? {})
  for (const [ticks, events, value] of steps) {
    run.machine.run({ until: run.machine.now + BigInt(ticks), events })
    recorder.call('send', value)
  }
  run.machine.run({ until: run.machine.now + 40n })
  return [run, parseInputLog(formatInputLog(recorder.log))]
}

describe('a replay of inputs', () => {
  property.prop([fc.array(fc.tuple(fc.nat(30), fc.nat(4), fc.nat(9)), { maxLength: 8 })], { numRuns: 50 })(
    'makes the same machine of one composed anew, wherever the inputs came',
    (steps) => {
      const [first, log] = recorded(steps)
      const second = driven()

      replayInputs(second.machine, second.inputs ?? {}, log)

      expect(takeSnapshot(second.machine)).toEqual(takeSnapshot(first.machine))
      expect(memoryFingerprint(second.machine)).toBe(memoryFingerprint(first.machine))
      expect(second.machine.run({ events: 5 })).toEqual(first.machine.run({ events: 5 }))
    },
  )

  test('goes on behind what stops the machine', () => {
    const stopping = () => {
      const run = driven()
      run.machine.at(15n, () => run.machine.stop('breakpoint'))
      return run
    }
    const first = stopping()
    first.machine.run({ until: 50n })
    first.machine.run({ until: 50n })
    const log = new InputRecorder(first.machine, {}).log
    const second = stopping()

    replayInputs(second.machine, {}, log)

    expect(second.machine.now).toBe(50n)
  })

  test('names the first input that finds the machine elsewhere', () => {
    const [, log] = recorded([
      [25, 9, 1],
      [25, 9, 2],
      [25, 9, 3],
    ])
    const other = driven()
    other.machine.at(30n, () => {}, { source: 3 })

    expect(() => replayInputs(other.machine, other.inputs ?? {}, log)).toThrow(
      /^machine 'driven' goes another way before input 1 'send': \d+ events until 50 with fingerprint [0-9a-f]{16} were recorded/,
    )
  })

  test('names the end where only that differs, and a log of the past', () => {
    const [run, log] = recorded([[25, 9, 1]])
    const other = driven()
    other.machine.at(60n, () => {}, { source: 3 })

    expect(() => replayInputs(other.machine, other.inputs ?? {}, log)).toThrow('goes another way before the end')
    expect(() => replayInputs(run.machine, run.inputs ?? {}, log)).toThrow("goes another way before input 0 'send'")
  })
})
