import { test as property } from '@fast-check/vitest'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InterruptLine } from '../../src/machine/interrupt-line.ts'
import { Machine } from '../../src/machine/machine.ts'
import { OrGate } from '../../src/machine/or-gate.ts'

function threeLines() {
  return ['a', 'b', 'c'].map((name) => new InterruptLine(name))
}

describe('an or-gate', () => {
  property.prop([fc.array(fc.tuple(fc.nat(2), fc.boolean()), { maxLength: 30 })], { numRuns: 50 })(
    'is raised while any of its inputs is',
    (changes) => {
      const gate = new OrGate('pin')
      const lines = threeLines()
      for (const line of lines) gate.join(line)

      for (const [index, raised] of changes) {
        lines[index]?.set(raised)

        expect(gate.output.raised).toBe(lines.some((line) => line.raised))
      }
    },
  )

  test('falls when the last raised input is taken away', () => {
    const gate = new OrGate('pin')
    const [a, b] = threeLines() as [InterruptLine, InterruptLine]
    const leave = gate.join(a)
    gate.join(b)
    a.raise()

    leave()
    leave()
    a.lower()
    a.raise()

    expect(gate.output.raised).toBe(false)
  })

  test('counts a line once that is joined twice', () => {
    const gate = new OrGate('pin')
    const [a] = threeLines() as [InterruptLine]
    gate.join(a)

    gate.join(a)()
    a.raise()

    expect(gate.output.raised).toBe(true)
  })

  test('sees a line after a reset that the reset did not lower', () => {
    const machine = new Machine('pc')
    const gate = machine.plug(new OrGate('pin'))
    const [outside] = threeLines() as [InterruptLine]
    gate.join(outside)
    outside.raise()

    machine.reset()

    expect(gate.output.raised).toBe(true)
  })
})
