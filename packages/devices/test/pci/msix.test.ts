import { MsixEntry } from '@hostbridge/devices/pci'
import { describe, expect, test } from 'vitest'
import { interruptScene, Signaller } from './interrupt-scene.ts'

const ENABLE = 0x8000
const MASK_ALL = 0x4000

function entry(vector: number, register: number): number {
  return vector * MsixEntry.size + register
}

describe('MSI-X (PCI Local Bus 3.0, section 6.8.2)', () => {
  test('tells a guest how many vectors it has and where its tables are', () => {
    const { card } = interruptScene({ vectors: 5 })

    expect([card.config.read(0x42, 2), card.config.read(0x44, 4), card.config.read(0x48, 4)]).toEqual([4, 0, 0x8000])
  })

  test('comes up with all vectors masked', () => {
    const { peek } = interruptScene({ vectors: 3 })

    expect([0, 1, 2].map((vector) => peek(entry(vector, MsixEntry.control)))).toEqual([1, 1, 1])
  })

  test('stores the message of a vector’s entry', () => {
    const { card, heard, poke } = interruptScene({ vectors: 3 })
    card.write16(0x42, ENABLE)
    poke(entry(2, MsixEntry.address), 0xfee0_0020)
    poke(entry(2, MsixEntry.data), 0x55)
    poke(entry(2, MsixEntry.control), 0)

    card.msix?.signal(2)

    expect(heard).toEqual(['fee00020:55 from 10'])
  })

  test('keeps what is masked pending, by vector and by function, and sends it once', () => {
    const { card, heard, poke, peek } = interruptScene({ vectors: 2 })
    card.write16(0x42, ENABLE | MASK_ALL)
    for (const vector of [0, 1]) {
      poke(entry(vector, MsixEntry.address), 0xfee0_0000)
      poke(entry(vector, MsixEntry.data), vector)
    }
    poke(entry(0, MsixEntry.control), 0)
    for (const vector of [0, 1, 1]) card.msix?.signal(vector)

    const pending = [peek(0x8000)]
    card.write16(0x42, ENABLE)
    pending.push(peek(0x8000))
    poke(entry(1, MsixEntry.control), 0)
    pending.push(peek(0x8000))

    expect(pending).toEqual([0b11, 0b10, 0])
    expect(heard.map((it) => it.split(' ')[0])).toEqual(['fee00000:0', 'fee00000:1'])
  })

  test('is silent until it is enabled, and for vectors that it has not', () => {
    const { card, heard, poke } = interruptScene({ vectors: 1 })
    poke(entry(0, MsixEntry.control), 0)

    card.msix?.signal(0)
    card.write16(0x42, ENABLE)
    card.msix?.signal(1)

    expect(heard).toEqual([])
  })

  test('ignores writes to its pending bits', () => {
    const { poke, peek } = interruptScene({ vectors: 1 })

    poke(0x8000, 0xff)

    expect(peek(0x8000)).toBe(0)
  })

  test('has its tables back after a restore, and none of them after a reset', () => {
    const { card, heard, poke, peek, machine } = interruptScene({ vectors: 1 })
    poke(entry(0, MsixEntry.address), 0xfee0_0000)
    card.write16(0x42, ENABLE)
    card.msix?.signal(0)
    const saved = card.save()

    machine.reset()
    card.restore(saved)
    poke(entry(0, MsixEntry.control), 0)

    expect(heard).toEqual(['fee00000:0 from 10'])
    machine.reset()
    card.restore({ ...saved, pci: { ...(saved.pci as object), msix: undefined } })
    expect(peek(entry(0, MsixEntry.address))).toBe(0)
  })

  test('refuses a table that does not fit, and too many vectors', () => {
    expect(() => new Signaller({ vectors: 2049 })).toThrow("'card' cannot have 2049 MSI-X vectors: 1 to 2048")
    expect(() => new Signaller({ vectors: 2048 + 1 })).toThrow('MSI-X')
    expect(() => interruptScene({ vectors: 2048 })).not.toThrow()
  })
})
