import { Command, Header, Status } from '@hostbridge/devices/pci'
import { describe, expect, test } from 'vitest'
import { interruptScene, Signaller } from './interrupt-scene.ts'

const status = (card: Signaller): number => card.config.get(Header.status) & Status.interrupt

describe('an interrupt pin', () => {
  test('raises the wire of its pin and device number, and shows in the status register', () => {
    const { card, wires } = interruptScene()

    card.intx?.set(true)
    const raised = status(card)
    card.intx?.set(false)

    expect([raised, status(card)]).toEqual([Status.interrupt, 0])
    expect(wires).toEqual(['2 up', '2 down'])
  })

  test('is kept off its wire by the command register, not out of the status register', () => {
    const { card, wires } = interruptScene()

    card.write16(Header.command.offset, Command.interruptDisable)
    card.intx?.set(true)
    const seen = [status(card), wires.length]
    card.write16(Header.command.offset, 0)

    expect(seen).toEqual([Status.interrupt, 0])
    expect(wires).toEqual(['2 up'])
  })

  test('keeps a wire up that another function still raises', () => {
    const { card, bus, wires } = interruptScene()
    const other = bus.plug('06.0', new Signaller())

    card.intx?.set(true)
    other.intx?.set(true)
    card.intx?.set(false)

    expect(bus.wires.raised(2)).toBe(true)
    other.intx?.set(false)
    expect(wires).toEqual(['2 up', '2 down'])
  })

  test('lets go of its wire when its function leaves', () => {
    const { card, bus, wires } = interruptScene()
    card.intx?.set(true)

    bus.unplug(card)

    expect(wires).toEqual(['2 up', '2 down'])
    expect(bus.wires.raised(2)).toBe(false)
  })

  test('that was up in a saved machine takes its wire down when it falls', () => {
    const { machine, card } = interruptScene()
    card.intx?.set(true)
    const other = interruptScene()

    other.machine.restore(machine.save())
    other.bus.wires.restore()
    const restored = other.bus.wires.raised(2)
    other.card.intx?.set(false)

    expect([restored, other.wires]).toEqual([true, ['2 down']])
  })
})
