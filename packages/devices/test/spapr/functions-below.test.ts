import { mmio } from '@hostbridge/core/memory'
import { PciBus, PciDevice } from '@hostbridge/devices/pci'
import { RtasToken, SpaprHostBridge } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'
import { buidOf, firmwareScene } from './firmware-scene.ts'

class Card extends PciDevice {
  constructor(name: string) {
    super(name)
    this.useMsix({ vectors: 4, within: mmio(`${name} bar0`, 4096n, { read: () => 0, write: () => {} }), bar: 0 })
  }
}

/** A bridge whose bus is number 5 and lets everything through. */
class OpenBridge extends PciDevice {
  #bus: PciBus | undefined

  constructor() {
    super('bridge', { layout: 'bridge' })
  }

  override get secondary(): PciBus | undefined {
    return this.#bus
  }

  protected override onPlug(): void {
    this.#bus = new PciBus({ name: 'behind', bridge: this, dma: this.slot?.dma as never, number: () => 5 })
  }
}

function build() {
  const scene = firmwareScene()
  scene.phb.plug('01.0', new Card('before'))
  const bridge = scene.phb.plug('02.0', new OpenBridge())
  bridge.secondary?.plug('00.0', new Card('behind'))
  const change = () => scene.call(RtasToken.changeMsi, [0x05_0000, ...buidOf(scene.phb), 4, 2, 0], 3)
  return { ...scene, change }
}

describe('a function behind a bridge', () => {
  it('gives its interrupt numbers back in a reset (PH-7)', () => {
    const { change, machine, phb } = build()
    const given = change().results

    machine.reset()

    expect(given).toEqual([0, 2, 1])
    expect(phb.hypercalls.messages.numbers.taken).toEqual([])
  })

  it('has its interrupt numbers in a saved machine', () => {
    const { change, machine } = build()
    change()
    change()
    const other = build()
    other.change()

    other.machine.restore(machine.save())

    expect(other.phb.hypercalls.messages.numbers.taken).toEqual([{ first: 0x1302, count: 2 }])
  })
})

it('the saved numbers of one function may be those that another has now', () => {
  const pair = () => {
    const { machine, phb } = firmwareScene()
    const cards = [phb.plug('01.0', new Card('one')), phb.plug('02.0', new Card('two'))] as const
    return { machine, messages: phb.hypercalls.messages, cards }
  }
  const saved = pair()
  saved.messages.grant(saved.cards[1], 2, 3)
  saved.messages.grant(saved.cards[0], 2, 1)
  const other = pair()
  other.messages.grant(other.cards[0], 2, 2)
  other.messages.grant(other.cards[1], 2, 1)

  other.machine.restore(saved.machine.save())

  expect(other.messages.numbers.taken).toEqual([
    { first: 0x1300, count: 3 },
    { first: 0x1303, count: 1 },
  ])
  expect(other.cards.map((card) => other.messages.of(card)?.first)).toEqual([0x1303, 0x1300])
})

it('a bridge of another index keeps its own', () => {
  const { machine, phb } = firmwareScene()
  const second = machine.plug(new SpaprHostBridge({ index: 1, hypercalls: phb.hypercalls }))
  const card = second.plug('01.0', new Card('one'))
  phb.hypercalls.messages.grant(card, 2, 2)

  phb.resetExit()

  expect(phb.hypercalls.messages.of(card)?.count).toBe(2)
})
