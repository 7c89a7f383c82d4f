import { describe, expect, test } from 'vitest'
import { Device } from '../../src/machine/device.ts'
import type { DmaFault } from '../../src/machine/fault-log.ts'
import { Machine } from '../../src/machine/machine.ts'
import { MemTx } from '../../src/memory/access.ts'
import { mmio } from '../../src/memory/mmio-region.ts'
import { Recorder } from './recorder.ts'

describe('Device', () => {
  test('has a path by its place and its name alone without one', () => {
    const machine = new Machine('pc')
    const bridge = new Recorder('phb0')
    const card = new Recorder('card')

    machine.plug(bridge)
    machine.plug(card, { parent: bridge, at: '00:01.0' })

    expect([bridge.path, card.path, card.parent, card.machine]).toEqual(['phb0', 'phb0/00:01.0', bridge, machine])
    machine.unplug(card)
    expect([card.path, card.parent, card.machine, bridge.children]).toEqual(['card', undefined, undefined, []])
  })

  test('records its DMA faults with the time and tells listeners', () => {
    const machine = new Machine('pc')
    const card = machine.plug(new Recorder('card'))
    const told: [unknown, DmaFault][] = []
    machine.events.on('fault', (device, fault) => told.push([device, fault]))

    machine.at(7n, () => {
      card.recordFault({ requester: 8, iova: 0x3000n, access: 'write', reason: 'not mapped' })
    })
    machine.run()

    const fault = { requester: 8, iova: 0x3000n, access: 'write', reason: 'not mapped', time: 7n }
    expect([...card.faults]).toEqual([fault])
    expect(told).toEqual([[card, fault]])
  })

  test('records faults without a machine too', () => {
    const card = new Recorder('card')

    card.recordFault({ requester: 'card', iova: 0n, access: 'read', reason: 'not attached' })

    expect(card.faults.last?.time).toBe(0n)
  })

  test('takes back on unplug what it did on plug, the last first, and lowers its lines', () => {
    const machine = new Machine('pc')
    const log: string[] = []
    const device = machine.plug(
      new Recorder('card', log, (_, self) => {
        self.onRelease(() => log.push('first'))
        self.onRelease(() => log.push('second'))
      }),
    )
    device.line.raise()

    machine.unplug(device)

    expect(log).toEqual(['plug card', 'unplug card', 'second', 'first'])
    expect(device.line.raised).toBe(false)
  })

  test('has one line of a name', () => {
    class Twice extends Recorder {
      readonly second = this.interruptLine('inta')
    }

    expect(() => new Twice('card')).toThrow("'card' cannot have a second interrupt line 'inta'")
  })

  test('leaves even when taking something back fails, and says so when it is gone', () => {
    const machine = new Machine('pc')
    const log: string[] = []
    const device = machine.plug(
      new Recorder('card', log, (_, self) => {
        self.onRelease(() => log.push('done'))
        self.onRelease(() => {
          throw new Error('stuck')
        })
      }),
    )

    expect(() => machine.unplug(device)).toThrow('stuck')

    expect(log.at(-1)).toBe('done')
    expect([device.machine, machine.topDevices]).toEqual([undefined, []])
    machine.plug(device)
  })
})

/** Does something when it is written to. */
class Button extends Device {
  readonly registers = mmio('button', 0x1000n, {
    read: () => 7,
    write: () => {
      this.pressed(this.machine as Machine)
    },
  })
  pressed: (machine: Machine) => void = () => {}

  protected override onPlug(machine: Machine): void {
    machine.map(0n, this.registers)
  }
}

describe('registers that a device maps on its plug', () => {
  test('are its own: while it works on an access, others to it are denied (SP-7)', () => {
    const machine = new Machine('pc')
    const button = machine.plug(new Button('button'))
    const results: number[] = []
    button.pressed = () => results.push(machine.space.write(8n, Uint8Array.of(1)))

    const result = machine.space.write(0n, Uint8Array.of(1))

    expect(button.registers.owner).toBe(button)
    expect([result, ...results]).toEqual([MemTx.ok, MemTx.accessError])
  })

  test('serve the access to its end in which the device is unplugged, and those after it no more', () => {
    const machine = new Machine('pc')
    const button = machine.plug(new Button('button'))
    button.pressed = () => machine.unplug(button)
    machine.at(5n, () =>
      results.push(machine.space.write(0n, Uint8Array.of(1)), machine.space.write(0n, Uint8Array.of(1))),
    )
    const results: number[] = []

    machine.run()
    machine.plug(button)
    button.pressed = () => {}
    results.push(machine.space.write(0n, Uint8Array.of(1)))

    expect(results).toEqual([MemTx.ok, MemTx.decodeError, MemTx.ok])
  })
})
