// Long because each result of ibm,change-msi has a test.
import { KiB } from '@hostbridge/core/address'
import { mmio } from '@hostbridge/core/memory'
import { Command, fieldAt, Header, Msi, Msix, type MsixCapability, PciDevice } from '@hostbridge/devices/pci'
import { MSI_INTERRUPTS, RtasToken, SpaprHostBridge } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'
import { buidOf, firmwareScene, Status } from './firmware-scene.ts'

const ANY = 1
const MSI = 3
const MSIX = 4
const FIRST = MSI_INTERRUPTS.first

/** A function with MSI of `msi` vectors and MSI-X of `msix`; without a number it has none. */
class Card extends PciDevice {
  constructor({ msi, msix }: { msi?: number; msix?: number }) {
    super('card')
    if (msi !== undefined) this.useMsi({ vectors: msi })
    if (msix === undefined) return
    const within = mmio('card bar0', 64n * KiB, { read: () => 0, write: () => undefined })
    this.useMsix({ vectors: msix, within, bar: 0 })
    this.bars.add(0, { kind: 'memory32', region: within })
  }
}

/** A host bridge with a card at 01.0 that is a bus master. */
function build(options: { msi?: number; msix?: number }, card = new Card(options)) {
  const scene = firmwareScene()
  const { phb } = scene
  phb.plug('01.0', card)
  card.config.write(Header.command.offset, 2, Command.busMaster)
  const raised: number[] = []
  phb.msi.connect((irq) => raised.push(irq))
  const buid = buidOf(phb)
  const change = (kind: number, count: number, results = 4, at = 0x0800) => {
    return scene.call(RtasToken.changeMsi, [at, ...buid, kind, count, 7], results).results
  }
  const source = (vector: number, at = 0x0800) => {
    return scene.call(RtasToken.queryInterruptSource, [at, ...buid, vector], 3).results
  }
  return { ...scene, card, raised, change, source }
}

/** Lets a guest use so many MSI vectors, and switches MSI on. */
function allow(card: PciDevice, log2: number): void {
  const { msi } = card
  const control = fieldAt(Msi.control, msi?.offset as number)
  card.config.write(control.offset, 2, (log2 << 4) | 1)
}

describe('ibm,change-msi', () => {
  it('gives MSI numbers that its function then signals by a write to the MSI window (RT-6, PH-4)', () => {
    const { card, change, raised } = build({ msi: 4 })
    allow(card, 2)

    const answer = change(MSI, 4)
    for (const vector of [0, 3]) card.msi?.signal(vector)

    expect(answer).toEqual([0, 4, 8, 1])
    expect(raised).toEqual([FIRST, FIRST + 3])
    expect(card.config.get(fieldAt(Msi.addressUpper, card.msi?.offset as number))).toBe(0x400)
    expect([...card.faults]).toEqual([])
  })

  it('gives MSI-X numbers, one for each vector from the first on, unmasked (RT-6)', () => {
    const { card, change, raised } = build({ msix: 8 })
    card.config.write(fieldAt(Msix.control, card.msix?.offset as number).offset, 2, 0x8000)

    const answer = change(MSIX, 3)
    for (const vector of [0, 1, 2, 3]) card.msix?.signal(vector)

    expect(answer).toEqual([0, 3, 8, 2])
    expect(raised).toEqual([FIRST, FIRST + 1, FIRST + 2])
    expect(card.msix?.waiting(3)).toBe(true)
  })

  it('gives MSI before MSI-X where the guest takes any (RT-6)', () => {
    const both = build({ msi: 1, msix: 8 })
    const one = build({ msix: 8 })

    expect([both.change(ANY, 1), one.change(ANY, 1)]).toEqual([
      [0, 1, 8, 1],
      [0, 1, 8, 2],
    ])
  })

  it('tells the kind to those alone who have a fourth cell for it (RT-6)', () => {
    const { change } = build({ msi: 1 })

    expect([change(ANY, 1, 3), change(ANY, 1, 4)]).toEqual([
      [0, 1, 8],
      [0, 1, 8, 1],
    ])
  })

  it('counts the sequence on as 32 bits (RT-6)', () => {
    const { call, phb } = build({ msi: 1 })

    const { results } = call(RtasToken.changeMsi, [0x0800, ...buidOf(phb), MSI, 1, 0xffff_ffff], 3)

    expect(results).toEqual([0, 1, 0])
  })

  it('refuses an unknown function, an unknown bridge and what the function has not with -3 (RT-6)', () => {
    const { call, change, phb } = build({ msi: 1 })
    const [high, low] = buidOf(phb)

    const answers = [
      change(ANY, 1, 4, 0x1000),
      call(RtasToken.changeMsi, [0x0800, high, low + 1, ANY, 1, 7], 4).results,
      change(MSIX, 1),
      change(0, 1),
      change(2, 1),
      change(5, 1),
      build({ msix: 1 }).change(MSI, 1),
      build({}).change(ANY, 1),
    ]

    expect(answers).toEqual(new Array(8).fill([Status.parameter]))
  })

  it('answers a count of 0 with -1 where none are given, else takes them back (RT-6)', () => {
    const { card, change, raised, source } = build({ msix: 2 })
    card.config.write(fieldAt(Msix.control, card.msix?.offset as number).offset, 2, 0x8000)

    const none = change(ANY, 0)
    change(ANY, 2)
    const taken = change(ANY, 0)
    card.msix?.signal(0)

    expect([none, taken, change(ANY, 0)]).toEqual([[Status.hardware], [0, 0], [Status.hardware]])
    expect(source(0)).toEqual([Status.hardware])
    expect([raised, card.msix?.waiting(0)]).toEqual([[], true])
  })

  it('leaves the vectors alone that it has not given, when it takes back (RT-6)', () => {
    const { card, change } = build({ msix: 2 })
    const msix = card.msix as MsixCapability
    change(MSIX, 1)
    msix.setMessage(1, 0x1000n, 5)
    const before = [msix.masked(0), msix.masked(1)]

    change(MSIX, 0)

    expect([before, msix.masked(0), msix.masked(1)]).toEqual([[false, false], true, false])
  })

  it('answers -1 for a function whose vectors are none (RT-6)', () => {
    class Empty extends Card {
      override get msix(): MsixCapability {
        return { vectors: 0 } as MsixCapability
      }
    }

    expect(build({}, new Empty({})).change(MSIX, 1)).toEqual([Status.hardware])
  })

  it('answers how many there could be where a guest asks for more, and gives none (RT-6)', () => {
    const { change, source, phb } = build({ msi: 4, msix: 8 })

    const answers = [change(MSI, 2), change(MSIX, 9), change(MSIX, 0xffff_ffff)]

    expect(answers).toEqual([
      [0, 1, 8, 1],
      [0, 8, 8, 2],
      [0, 8, 8, 2],
    ])
    expect(source(0)).toEqual([Status.hardware])
    expect(phb.hypercalls.messages.numbers.taken).toEqual([])
  })

  it('gives new numbers in place of the old ones (RT-6)', () => {
    const { change, phb, source } = build({ msix: 8 })
    change(MSIX, 2)

    change(MSIX, 4)

    expect(source(3)).toEqual([0, FIRST + 5, 1])
    expect(phb.hypercalls.messages.numbers.taken).toEqual([{ first: FIRST + 2, count: 4 }])
  })

  it('answers -1 where no numbers are left, and the function keeps what it has (RT-6)', () => {
    const { change, phb, source } = build({ msix: 2048 })
    change(MSIX, 2)
    phb.hypercalls.messages.numbers.allocate(MSI_INTERRUPTS.count - 3)

    const answer = change(MSIX, 2)

    expect(answer).toEqual([Status.hardware])
    expect(source(1)).toEqual([0, FIRST + 1, 1])
  })

  it('aligns the numbers of several MSI vectors, whose function changes the low bits of one message', () => {
    const { card, change, phb, source } = build({ msi: 4 })
    allow(card, 2)
    phb.hypercalls.messages.numbers.allocate(1)

    change(MSI, 3)

    expect(source(0)).toEqual([0, FIRST + 4, 1])
  })
})

describe('ibm,query-interrupt-source-number', () => {
  it('tells the number of a vector, and that it is an edge (RT-7)', () => {
    const { change, source } = build({ msix: 4 })
    change(MSIX, 2)

    expect([source(0), source(1)]).toEqual([
      [0, FIRST, 1],
      [0, FIRST + 1, 1],
    ])
  })

  it('is a hardware error beyond what is given, and a parameter error for who is not there (RT-7)', () => {
    const { call, change, phb, source } = build({ msix: 4 })
    const [high, low] = buidOf(phb)
    const before = source(0)
    change(MSIX, 2)

    const answers = [before, source(2), source(0xffff_ffff), source(0, 0x1000)]
    const elsewhere = call(RtasToken.queryInterruptSource, [0x0800, high, low + 1, 0], 3)

    expect(answers).toEqual([[Status.hardware], [Status.hardware], [Status.hardware], [Status.parameter]])
    expect(elsewhere.results).toEqual([Status.parameter])
  })
})

describe('interrupt numbers', () => {
  it('are given back by a reset of the machine, after its functions have been reset (PH-7)', () => {
    let atReset: unknown
    class Watcher extends Card {
      override resetHold(): void {
        super.resetHold()
        atReset = scene.source(0)
      }
    }
    const scene = build({}, new Watcher({ msix: 4 }))
    scene.change(MSIX, 2)

    scene.machine.reset()

    expect(atReset).toEqual([0, FIRST, 1])
    expect([scene.source(0), scene.phb.hypercalls.messages.numbers.taken]).toEqual([[Status.hardware], []])
  })

  it('are given back by a function that leaves, once', () => {
    const { card, change, phb, machine } = build({ msix: 4 })
    for (let round = 0; round < 3; round++) change(MSIX, 2)
    const second = machine.plug(new SpaprHostBridge({ index: 1, hypercalls: phb.hypercalls }))

    phb.unplug(card)
    const free = [...phb.hypercalls.messages.numbers.taken]
    second.plug('01.0', card)
    phb.hypercalls.messages.grant(card, 2, 1)
    machine.unplug(second)

    expect(free).toEqual([])
    expect(phb.hypercalls.messages.numbers.taken).toEqual([])
  })

  it('come back with a saved machine', () => {
    const { change, machine } = build({ msix: 4 })
    change(MSIX, 2)
    change(MSIX, 3)
    const other = build({ msix: 4 })
    other.change(MSIX, 4)

    other.machine.restore(machine.save())

    expect(other.source(2)).toEqual([0, FIRST + 4, 1])
    expect(other.phb.hypercalls.messages.numbers.taken).toEqual([{ first: FIRST + 2, count: 3 }])
  })
})
