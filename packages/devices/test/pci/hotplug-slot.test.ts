import { fc, test } from '@fast-check/vitest'
import { us } from '@hostbridge/core/time'
import { Command, Express, Header, PciBridge, RootPort } from '@hostbridge/devices/pci'
import { describe, expect } from 'vitest'
import { bridgeScene, Card, enable, number, openMemory } from './bridge-scene.ts'
import { BLINK, EVENTS, hotplugScene, OFF, ON } from './hotplug-scene.ts'

const CARD = { vendor: 0x1234, device: 0x5678 }

describe('the slot of a PCI Express port', () => {
  test('says what it has (PCI Express Base 5.0, section 7.5.3.9)', () => {
    const of = (slot: object): string => new RootPort({ slot }).express.get(Express.slotCapabilities).toString(16)

    expect(of({ number: 5 })).toBe((0x5b | (5 << 19)).toString(16))
    expect(of({ latch: true, surprise: true })).toBe('7f')
    expect(of({ attentionButton: false, powerController: false, indicators: false })).toBe('40')
    expect(of({ hotplug: false, number: 1 })).toBe((1 << 19).toString(16))
  })

  test('lets a guest write slot control as far as there is something to control (section 7.5.3.10)', () => {
    const written = (slot: object): number => {
      const { config, express } = new RootPort({ slot })
      config.write(express.offset + 0x18, 2, 0xffff)
      return express.get(Express.slotControl)
    }

    expect(written({})).toBe(0x17ff)
    expect(written({ powerController: false, indicators: false })).toBe(0x103f)
    expect(written({ hotplug: false })).toBe(0)
  })

  test('a card that has been there from the beginning is present, powered and linked, and no event', () => {
    const { host, config } = bridgeScene()
    const port = host.plug('00:01.0', new RootPort())
    port.plug('00.0', new Card('card', CARD))
    number(port, 0, 1)

    expect(config(1, 0)).toBe(0x5678_1234)
    expect([port.express.get(Express.slotStatus), port.cardSlot?.powerIndicator]).toEqual([0x40, 'on'])
    expect(port.express.get(Express.linkStatus) & 0x2000).toBe(0x2000)
  })

  test('a card that comes while the machine runs waits for its guest to switch it on', () => {
    const { port, control, status, run, config, interrupts, machine } = hotplugScene()
    control(OFF)
    run(20n * us)
    status()
    interrupts.length = 0
    port.plug('00.0', new Card('card', CARD))
    const plugged = [config(1, 0), ...status()]

    control(ON)
    const trained = config(1, 0)
    run(99n * us)
    const before = status()
    run(1n * us)

    expect(plugged).toEqual([0xffff_ffff, 'attentionButton', 'presenceChanged', 'present'])
    expect([trained, before]).toEqual([0xffff_ffff, ['commandCompleted', 'present']])
    expect([config(1, 0), status()]).toEqual([0x5678_1234, ['present', 'linkChanged']])
    expect(interrupts).toEqual(['20001: 7', '30001: 7', '120001: 7'])
    expect(machine.now).toBe(120_001n)
  })

  test('asks its guest to let a card go, and lets it go when power and indicator are off', () => {
    const { host, machine, port, control, status, run, config } = hotplugScene()
    const card = port.plug('00.0', new Card('card', CARD))
    port.plug('00.3', new Card('second'))
    control(ON)
    run(200n * us)
    status()

    const wish = machine.requestUnplug(card)
    const again = machine.requestUnplug(card)
    const pressed = status()
    control(BLINK)
    const blinking = machine.requestUnplug(card).status
    control(BLINK | 0x0400)
    const off = [wish.status, config(1, 0)]
    control(OFF)

    expect(again).toBe(wish)
    expect([pressed, blinking]).toEqual([['attentionButton', 'present'], 'waiting'])
    expect(off).toEqual(['waiting', 0xffff_ffff])
    expect([wish.status, card.machine, port.bus.devices]).toEqual(['gone', undefined, []])
    expect(status()).toEqual(['presenceChanged', 'linkChanged'])
    expect(host.bus.devices).toEqual([port])
  })

  test('a guest that blinks and then shows that it is on keeps the card, and the wish is refused', () => {
    const { machine, port, control, run } = hotplugScene()
    const card = port.plug('00.0', new Card())
    control(ON)
    run(200n * us)
    const wish = machine.requestUnplug(card)

    control(BLINK)
    control(ON)

    expect([wish.status, wish.reason]).toEqual(['refused', "the guest keeps what is in the slot of 'root-port'"])
    expect(machine.requestUnplug(card).status).toBe('waiting')
  })

  test('refuses an unplug while its guest is busy, or where nothing tells the guest', () => {
    const busy = hotplugScene()
    const card = busy.port.plug('00.0', new Card())
    busy.control(BLINK)
    const plain = hotplugScene({ attentionButton: false })
    const other = plain.port.plug('00.0', new Card())
    plain.control(ON)
    const fixed = hotplugScene({ hotplug: false })
    const last = fixed.port.plug('00.0', new Card())

    const reasons = [
      busy.machine.requestUnplug(card).reason,
      plain.machine.requestUnplug(other).reason,
      fixed.machine.requestUnplug(last).reason,
    ]

    expect(reasons).toEqual([
      "the guest is busy with the slot of 'root-port': its power indicator blinks",
      "'root-port' has no attention button to tell its guest with",
      "'root-port' has a slot that nothing can leave while the machine runs",
    ])
    expect([card.machine, other.machine, last.machine]).toEqual([busy.machine, plain.machine, fixed.machine])
  })

  test('lets a card go at once whose slot its guest has switched off, and a function that the guest cannot see', () => {
    const { machine, port, control } = hotplugScene()
    control(OFF)
    const hidden = port.plug('00.1', new Card('hidden'))
    const first = machine.requestUnplug(hidden).status
    const card = port.plug('00.0', new Card())

    expect([first, machine.requestUnplug(card).status]).toEqual(['gone', 'gone'])
  })

  test('functions are seen when function 0 has come, all at once', () => {
    const { host, port, control, run, status } = hotplugScene()
    control(ON)
    port.plug('00.1', new Card('second', CARD))
    run(200n * us)
    const alone = [host.bus.find(1, 1)?.name, status()]

    port.plug('00.0', new Card('first'))
    run(200n * us)

    expect(alone).toEqual([undefined, ['commandCompleted']])
    expect([host.bus.find(1, 0)?.name, host.bus.find(1, 1)?.name]).toEqual(['first', 'second'])
    expect(status()).toEqual(['attentionButton', 'presenceChanged', 'present', 'linkChanged'])
  })

  test('a card whose power is switched off and on starts anew', () => {
    const { host, port, control, run, peek } = hotplugScene()
    const card = port.plug('00.0', new Card())
    control(ON)
    run(200n * us)
    enable(card, 0x2010_0000)
    openMemory(port, 0x200, 0x201)
    const before = [peek(0x2010_0000n), card.config.get(Header.command)]

    control(ON | 0x0400)
    const off = [peek(0x2010_0000n), host.bus.find(1, 0)?.name, card.config.get(Header.command)]
    control(ON)
    run(200n * us)

    expect(before).toEqual([0x51, 7])
    expect(off).toEqual([0, undefined, 0])
    expect(host.bus.find(1, 0)).toBe(card)
  })

  test('tells of a latch, of a button, and of power that fails until it is switched off and on', () => {
    const { port, control, status, run } = hotplugScene({ latch: true })
    port.plug('00.0', new Card())
    control(ON)
    run(200n * us)
    status()

    port.cardSlot?.setLatch(true)
    port.cardSlot?.setLatch(true)
    const open = status()
    port.cardSlot?.pressAttentionButton()
    port.cardSlot?.failPower()
    const failed = [...status(), port.cardSlot?.linked]
    control(ON)
    run(200n * us)
    const still = port.cardSlot?.linked
    control(ON | 0x0400)
    control(ON)
    run(200n * us)

    expect(open).toEqual(['latchChanged', 'latchOpen', 'present'])
    expect(failed).toEqual(['attentionButton', 'powerFault', 'latchOpen', 'present', 'linkChanged', false])
    expect([still, port.cardSlot?.linked]).toEqual([false, true])
  })

  test('the guest can switch off the link alone (section 7.5.3.7)', () => {
    const { port, control, run, host } = hotplugScene()
    port.plug('00.0', new Card('card', CARD))
    control(ON)
    run(200n * us)

    port.config.write(port.express.offset + 0x10, 2, 0x0010)
    const off = host.bus.find(1, 0)
    port.config.write(port.express.offset + 0x10, 2, 0)
    run(200n * us)

    expect([off, host.bus.find(1, 0)?.name]).toEqual([undefined, 'card'])
  })

  test('one interrupt comes for events that are seen together, the next when they have been cleared', () => {
    const { port, control, status, interrupts, run } = hotplugScene()
    control(EVENTS & ~0x10)
    run(20n * us)
    status()
    interrupts.length = 0

    port.cardSlot?.pressAttentionButton()
    port.cardSlot?.pressAttentionButton()
    const first = interrupts.length
    status()
    port.cardSlot?.pressAttentionButton()

    expect([first, interrupts.length]).toEqual([1, 2])
  })

  test('without MSI the pin is up while there is an event that the guest wants to hear of', () => {
    const { port, control, status, host, run } = hotplugScene()
    port.config.write((port.msi?.offset ?? 0) + 2, 2, 0)
    control(EVENTS & ~0x10)
    run(20n * us)
    const raised = (): boolean[] => host.wires.map((wire) => wire.raised)

    port.cardSlot?.pressAttentionButton()
    const up = raised()
    status()

    expect(up).toEqual([false, true, false, false])
    expect(raised()).toEqual([false, false, false, false])
  })

  test('a card that is pulled answers nothing, its DMA fails, and nothing hangs', () => {
    const { machine, host, port, control, status, run, peek, config } = hotplugScene()
    const card = port.plug('00.0', new Card('card', CARD))
    control(ON)
    run(200n * us)
    enable(card, 0x2010_0000)
    openMemory(port, 0x200, 0x201)
    card.intx?.set(true)
    status()

    port.pull()
    const results = [card.dmaRead(0n, new Uint8Array(4)), card.dmaWrite(0n, new Uint8Array(4))]
    card.message(0xfee0_0000n, 1)
    const pulled = [config(1, 0), peek(0x2010_0000n), ...host.wires.filter(({ raised }) => raised)]
    run(2000n * us)

    expect(results).toEqual([2, 2])
    expect(pulled).toEqual([0xffff_ffff, 0])
    expect(card.faults.last).toMatchObject({ requester: 0x0100, reason: 'it is cut off: its slot gives it no link' })
    expect([card.machine, machine.run().ended, status()]).toEqual([
      undefined,
      'idle',
      ['presenceChanged', 'linkChanged'],
    ])
  })

  test('another card can come when the one that was pulled has gone', () => {
    const { port, control, run, host } = hotplugScene()
    port.plug('00.0', new Card('first'))
    control(ON)
    run(200n * us)

    port.pull(10n * us)
    expect(() => port.plug('00.0', new Card('second'))).toThrowError(/'second' cannot be plugged .*: 'first' is there/)
    run(10n * us)
    port.plug('00.0', new Card('second'))
    run(200n * us)

    expect(host.bus.find(1, 0)?.name).toBe('second')
  })

  test('a card that comes in place of one that was pulled stays', () => {
    const { machine, port, control, run } = hotplugScene()
    const first = port.plug('00.0', new Card('first'))
    control(ON)
    run(200n * us)

    port.pull(100n * us)
    machine.unplug(first)
    const second = port.plug('00.0', new Card('second'))
    run(500n * us)

    expect([second.machine, port.cardSlot?.linked]).toEqual([machine, true])
  })

  test('a reset gives power to what is there, and forgets events and wishes', () => {
    const { machine, port, control } = hotplugScene()
    const card = port.plug('00.0', new Card())
    control(OFF)

    machine.reset()

    expect([card.powered, port.express.get(Express.slotStatus), port.cardSlot?.powerIndicator]).toEqual([
      true,
      0x40,
      'on',
    ])
  })

  test('two ports of a hierarchy cannot have the same slot number: refused, naming both', () => {
    const { host } = bridgeScene()
    host.plug('00:01.0', new RootPort({ name: 'left', slot: { number: 3 } }))
    const bridge = host.plug('00:02.0', new PciBridge())

    expect(() => bridge.plug('04.0', new RootPort({ name: 'right', slot: { number: 3 } }))).toThrowError(
      /'right' cannot be plugged at pci-bridge 00:04\.0: slot number 3 is that of 'left' at pcie 00:01\.0/,
    )
    expect(bridge.bus.devices).toEqual([])
    expect(Command.memory).toBe(2)
  })

  test('comes back from a saved machine in the middle of everything', () => {
    const saved = hotplugScene()
    saved.port.plug('00.0', new Card('card', CARD))
    saved.control(ON)
    saved.run(5n * us)
    const state = saved.machine.save()
    const other = hotplugScene()
    other.port.plug('00.0', new Card('card', CARD))
    other.control(ON)
    other.run(200n * us)

    other.machine.restore(state)
    const cutOff = other.config(1, 0)
    for (const { run } of [saved, other]) run(200n * us)

    expect(cutOff).toBe(0xffff_ffff)
    expect([other.config(1, 0), other.machine.now]).toEqual([0x5678_1234, saved.machine.now])
    expect(other.machine.save()).toEqual(saved.machine.save())
  })

  test.prop(
    [
      fc.array(
        fc.oneof(
          fc.record({ offset: fc.integer({ min: 0, max: 0x3b }), value: fc.integer({ min: 0, max: 0xffff }) }),
          fc.constantFrom('plug', 'second', 'pull', 'unplug', 'wish', 'press', 'reset', 'run'),
        ),
        { maxLength: 40 },
      ),
    ],
    { numRuns: 60 },
  )(
    'whatever a guest writes, and whoever comes and goes, nothing throws or hangs, and link and presence agree',
    (steps) => {
      const { machine, host, port, run } = hotplugScene({ latch: true, surprise: true })
      const empty = [machine.memory.spaces.length, host.bus.windows.memory?.children.length]
      for (const step of steps) {
        const card = port.bus.function(0)
        if (typeof step !== 'string') port.config.write(port.express.offset + (step.offset & ~1), 2, step.value)
        else if (step === 'plug' && card === undefined) port.plug('00.0', new Card())
        else if (step === 'second' && port.bus.function(1) === undefined) port.plug('00.1', new Card('second'))
        else if (step === 'pull') port.pull(20n * us)
        else if (step === 'unplug' && card !== undefined) machine.unplug(card)
        else if (step === 'wish' && card !== undefined) machine.requestUnplug(card)
        else if (step === 'press') port.cardSlot?.pressAttentionButton()
        else if (step === 'reset') machine.reset()
        else if (step === 'run') run(60n * us)
        for (const device of port.bus.devices) expect(device.powered).toBe(port.cardSlot?.linked)
        if (port.bus.function(0) === undefined) expect(port.cardSlot?.linked).toBe(false)
      }

      expect(machine.run({ events: 100 }).ended).toBe('idle')
      for (const device of [...port.bus.devices]) machine.unplug(device)
      expect([machine.memory.spaces.length, port.bus.windows.memory?.children]).toEqual([empty[0], []])
    },
  )
})
