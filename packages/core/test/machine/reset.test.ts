import { describe, expect, test } from 'vitest'
import { Machine } from '../../src/machine/machine.ts'
import { resetDevices } from '../../src/machine/reset.ts'
import { Recorder } from './recorder.ts'

function tree(log: string[]) {
  const machine = new Machine('pc')
  const bridge = machine.plug(new Recorder('phb', []))
  const names = { card: machine.plug(new Recorder('card', log), { parent: bridge }) }
  const timer = machine.plug(new Recorder('timer', log))
  log.length = 0
  return { machine, bridge, timer, ...names }
}

describe('reset', () => {
  test('enters, holds and exits all devices in turn, each before its children (PH-7)', () => {
    const machine = new Machine('pc')
    const log: string[] = []
    const bridge = machine.plug(new Recorder('phb', log))
    machine.plug(new Recorder('timer', log))
    machine.plug(new Recorder('card', log), { parent: bridge })
    log.length = 0

    machine.reset()

    expect(log).toEqual(
      ['enter', 'hold', 'exit'].flatMap((phase) => ['phb', 'card', 'timer'].map((name) => `${phase} ${name}`)),
    )
  })

  test('lowers interrupt lines before any device starts anew', () => {
    const { machine, card, timer } = tree([])
    const order: string[] = []
    card.line.raise()
    card.line.connect((raised) => order.push(`line ${raised}`))
    timer.resetExit = () => order.push('timer exits')

    machine.reset()

    expect(order).toEqual(['line true', 'line false', 'timer exits'])
  })

  test('of a bridge leaves devices elsewhere alone', () => {
    const log: string[] = []
    const { bridge } = tree(log)

    resetDevices([bridge])

    expect(log).toEqual(['enter card', 'hold card', 'exit card'])
  })

  test('leaves a device alone that is unplugged meanwhile', () => {
    const log: string[] = []
    const { machine, card, timer } = tree(log)
    card.resetHold = () => machine.unplug(timer)

    machine.reset()

    expect(log).toEqual(['enter card', 'enter timer', 'unplug timer', 'exit card'])
  })

  test('is told when it is done', () => {
    const log: string[] = []
    const { machine } = tree(log)
    machine.events.on('reset', ({ name }) => log.push(`reset ${name}`))

    machine.reset()

    expect(log.slice(-2)).toEqual(['exit timer', 'reset pc'])
  })
})
