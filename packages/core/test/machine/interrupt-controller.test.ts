import { describe, expect, test } from 'vitest'
import { InterruptController, type Trigger } from '../../src/machine/interrupt-controller.ts'
import { InterruptLine } from '../../src/machine/interrupt-line.ts'
import { Machine } from '../../src/machine/machine.ts'

function controllerOf(...triggers: Trigger[]) {
  const machine = new Machine('pc')
  const controller = machine.plug(
    new InterruptController({ inputs: triggers.length, trigger: (input) => triggers[input] ?? 'level' }),
  )
  const lines = triggers.map((_, input) => new InterruptLine(`line ${input}`))
  const ends = lines.map((line, input) => controller.route(line, input))
  return { machine, controller, lines: lines as [InterruptLine, ...InterruptLine[]], ends }
}

describe('an interrupt controller', () => {
  test('asks for service while a level is high, and again after the service while it still is', () => {
    const { controller, lines } = controllerOf('level')
    lines[0].raise()

    const claimed = controller.claim()

    expect([claimed, controller.output.raised]).toEqual([0, false])
    controller.complete(0)
    expect(controller.output.raised).toBe(true)
    lines[0].lower()
    expect([controller.output.raised, controller.claim()]).toEqual([false, undefined])
  })

  test('keeps an edge until it is claimed, and hears one that comes during the service', () => {
    const { controller, lines } = controllerOf('edge')
    lines[0].pulse()
    lines[0].pulse()

    const claimed = controller.claim()
    lines[0].pulse()

    expect([claimed, controller.output.raised]).toEqual([0, false])
    controller.complete(0)
    expect(controller.claim()).toBe(0)
    controller.complete(0)
    expect(controller.claim()).toBeUndefined()
  })

  test('gives the lowest input first', () => {
    const { controller, lines } = controllerOf('level', 'edge', 'level')
    lines[2]?.raise()
    lines[1]?.pulse()

    expect([controller.claim(), controller.claim(), controller.claim()]).toEqual([1, 2, undefined])
  })

  test('holds back what is not enabled and keeps its edges', () => {
    const { controller, lines } = controllerOf('edge')
    controller.enable(0, false)
    lines[0].pulse()

    expect([controller.output.raised, controller.asks(0), controller.claim()]).toEqual([false, true, undefined])
    controller.enable(0, true)
    expect(controller.claim()).toBe(0)
  })

  test('joins several lines at one input, and one line leads to several inputs', () => {
    const { controller, lines } = controllerOf('level', 'level')
    const second = new InterruptLine('second')
    const end = controller.route(second, 0)
    controller.route(lines[1] as InterruptLine, 0)
    second.raise()
    lines[1]?.raise()

    end()

    expect([controller.asks(0), controller.asks(1)]).toEqual([true, true])
    lines[1]?.lower()
    expect([controller.asks(0), controller.asks(1), controller.output.raised]).toEqual([false, false, false])
  })

  test('forgets edges and service with a reset, and sees levels that are still high', () => {
    const { machine, controller, lines } = controllerOf('edge', 'level')
    lines[0].pulse()
    lines[1]?.raise()
    controller.enable(1, false)
    controller.claim()

    machine.reset()

    expect([controller.asks(0), controller.claim()]).toEqual([false, 1])
  })

  test('is saved and restored with what it serves', () => {
    const { machine, controller, lines } = controllerOf('edge', 'edge')
    lines[0].pulse()
    lines[1]?.pulse()
    controller.claim()
    const state = machine.save()
    const other = controllerOf('edge', 'edge')

    other.machine.restore(state)

    expect([other.controller.output.raised, other.controller.asks(0), other.controller.claim()]).toEqual([
      true,
      false,
      1,
    ])
  })

  test('refuses the state of another number of inputs, and inputs that it has not', () => {
    const { machine } = controllerOf('edge', 'edge')
    const small = controllerOf('edge')

    expect(() => small.machine.restore(machine.save())).toThrow(expect.objectContaining({ code: 'machine.state' }))
    expect(() => small.controller.enable(1, true)).toThrow(
      "'interrupt-controller' has no input 1: its inputs are 0 to 0",
    )
    expect(() => small.controller.route(small.lines[0], -1)).toThrow(
      expect.objectContaining({ code: 'machine.no-input' }),
    )
  })
})
