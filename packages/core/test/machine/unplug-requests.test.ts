import { describe, expect, test } from 'vitest'
import type { Device } from '../../src/machine/device.ts'
import { Machine } from '../../src/machine/machine.ts'
import type { UnplugAnswer } from '../../src/machine/unplug-requests.ts'
import { Recorder } from './recorder.ts'

class Asked extends Recorder {
  answer: UnplugAnswer = 'eject'
  answerBelow: UnplugAnswer = 'eject'
  override onUnplugRequest = (): UnplugAnswer => this.answer
  override onUnplugRequestBelow = (): UnplugAnswer => this.answerBelow
}

function build() {
  const machine = new Machine('pc')
  const log: string[] = []
  machine.events.on('unplug-requested', ({ path }) => log.push(`requested ${path}`))
  machine.events.on('unplug-refused', ({ path }, reason) => log.push(`refused ${path}: ${reason}`))
  machine.events.on('unplugged', (_, path) => log.push(`unplugged ${path}`))
  machine.events.on('reset', () => log.push('reset'))
  const slot = machine.plug(new Asked('slot'))
  const card = machine.plug(new Asked('card'), { parent: slot })
  return { machine, slot, card, log }
}

class Stuck extends Asked {
  protected override onUnplug(): void {
    throw new Error('stuck')
  }
}

describe('a request to unplug', () => {
  test('lets a device go at once that nobody holds', () => {
    const { machine, card, log } = build()

    const request = machine.requestUnplug(card)

    expect([request.status, request.path, card.machine]).toEqual(['gone', 'slot/card', undefined])
    expect(log).toEqual(['requested slot/card', 'unplugged slot/card'])
  })

  test('waits until the guest ejects the device, during a run too', () => {
    const { machine, card, slot, log } = build()
    slot.answerBelow = 'wait'
    machine.at(5n, () => machine.requestUnplug(card))
    machine.at(9n, () => machine.unplug(card))

    machine.run({ until: 6n })
    const [request] = machine.unplugRequests

    expect([request?.status, request?.since, card.machine]).toEqual(['waiting', 5n, machine])
    machine.run()
    expect([request?.status, machine.unplugRequests]).toEqual(['gone', []])
    expect(log).toEqual(['requested slot/card', 'unplugged slot/card'])
  })

  test('is refused by the device at once, or by its guest later', () => {
    const { machine, card, log } = build()
    card.answer = { refuse: 'it is mounted' }
    const first = machine.requestUnplug(card)
    card.answer = 'wait'
    const second = machine.requestUnplug(card)

    machine.refuseUnplug(card, 'the guest says no')

    expect([first.status, first.reason]).toEqual(['refused', 'it is mounted'])
    expect([second.status, second.reason]).toEqual(['refused', 'the guest says no'])
    expect(card.machine).toBe(machine)
    expect(log.filter((line) => line.startsWith('refused'))).toEqual([
      'refused slot/card: it is mounted',
      'refused slot/card: the guest says no',
    ])
    expect(() => machine.refuseUnplug(card, 'again')).toThrow("'card' cannot refuse to leave machine 'pc'")
  })

  test('does not ask the bridge about a device that holds on by itself', () => {
    const { machine, card, slot } = build()
    const asked: Device[] = []
    card.answer = 'wait'
    slot.onUnplugRequestBelow = (device?: Device) => {
      if (device !== undefined) asked.push(device)
      return 'eject'
    }

    machine.requestUnplug(card)

    expect(asked).toEqual([])
  })

  test('made again reminds, and may be answered anew', () => {
    const { machine, card } = build()
    card.answer = 'wait'
    const first = machine.requestUnplug(card)
    card.answer = 'eject'

    const second = machine.requestUnplug(card)

    expect(second).toBe(first)
    expect(first.status).toBe('gone')
  })

  test('is settled by a removal by surprise, of the bridge too', () => {
    const { machine, card, slot } = build()
    card.answer = 'wait'
    const request = machine.requestUnplug(card)

    machine.unplug(slot)

    expect([request.status, machine.unplugRequests]).toEqual(['gone', []])
  })

  test('is carried out by a reset of the machine, before any device is reset', () => {
    const { machine, card, slot, log } = build()
    card.answer = 'wait'
    slot.answer = 'wait'
    machine.requestUnplug(slot)
    machine.requestUnplug(card)
    log.length = 0

    machine.reset()

    expect(log).toEqual(['unplugged slot/card', 'unplugged slot', 'reset'])
  })

  test('lets all go at a reset, and resets the others, though one of them throws', () => {
    const { machine, card, slot, log } = build()
    const stuck = machine.plug(new Stuck('stuck'))
    for (const device of [stuck, card]) {
      device.answer = 'wait'
      machine.requestUnplug(device)
    }
    const entered: string[] = []
    slot.resetEnter = () => entered.push('slot')
    log.length = 0

    expect(() => machine.reset()).toThrow('stuck')

    expect([stuck.machine, card.machine, machine.unplugRequests]).toEqual([undefined, undefined, []])
    expect(entered).toEqual(['slot'])
  })

  test('is settled by what the device does before it answers, whatever that is', () => {
    const { machine, card } = build()
    card.onUnplugRequest = () => {
      machine.unplug(card)
      return { refuse: 'too late' }
    }

    expect(machine.requestUnplug(card).status).toBe('gone')
  })

  test('is none where the device throws when it is asked', () => {
    const { machine, card } = build()
    card.onUnplugRequest = () => {
      throw new Error('no answer')
    }

    expect(() => machine.requestUnplug(card)).toThrow('no answer')
    expect([card.machine, machine.unplugRequests]).toEqual([machine, []])
  })

  test('cannot be made of a device that is not plugged', () => {
    const { machine } = build()

    expect(() => machine.requestUnplug(new Asked('loose'))).toThrow(
      expect.objectContaining({ code: 'machine.not-plugged' }),
    )
  })
})
