import { Header } from '@hostbridge/devices/pci'
import { describe, expect, test } from 'vitest'
import { interruptScene, Signaller } from './interrupt-scene.ts'

describe('MSI (PCI Local Bus 3.0, section 6.8.1)', () => {
  test('stores its data at its address with the requester id, as a bus master (PC-2)', () => {
    const { card, heard } = interruptScene({ msi: {} })
    card.config.write(0x44, 4, 0xfee0_0010)
    card.write16(0x4c, 0x4041)
    card.write16(0x42, 1)

    card.msi?.signal(0)

    expect(heard).toEqual(['fee00010:4041 from 10'])
  })

  test('goes nowhere while the function may not be a bus master (PC-2)', () => {
    const { card, heard } = interruptScene({ msi: {} })
    card.config.write(0x44, 4, 0xfee0_0010)
    card.write16(0x42, 1)
    card.write16(Header.command.offset, 0)

    card.msi?.signal(0)

    expect(heard).toEqual([])
    expect(card.faults.total).toBe(1)
  })

  test('is silent until it is enabled', () => {
    const { card, heard } = interruptScene({ msi: {} })
    card.config.write(0x44, 4, 0xfee0_0010)

    card.msi?.signal(0)

    expect(heard).toEqual([])
  })

  test('puts the vector into the low bits of the data, as far as vectors are allocated', () => {
    const { card, heard } = interruptScene({ msi: { vectors: 4 } })
    card.config.write(0x44, 4, 0xfee0_0000)
    card.write16(0x4c, 0x40ff)
    card.write16(0x42, 1 | (1 << 4))

    for (const vector of [0, 1, 2, 3]) card.msi?.signal(vector)

    expect(heard.map((it) => it.split(' ')[0])).toEqual([
      'fee00000:40fe',
      'fee00000:40ff',
      'fee00000:40fe',
      'fee00000:40ff',
    ])
  })

  test('has writable bits 6..4 and 0 of its control word, and no more vectors than it has once it is enabled', () => {
    const { card } = interruptScene({ msi: {} })

    card.write16(0x42, 0xfffe)
    const disabled = card.config.read(0x42, 2)
    card.write16(0x42, 0xffff)

    expect([disabled, card.config.read(0x42, 2)]).toEqual([0x00f0, 0x0081])
  })

  test('keeps a masked vector pending, and sends it when it is unmasked', () => {
    const { card, heard } = interruptScene({ msi: { vectors: 2, maskable: true } })
    card.config.write(0x44, 4, 0xfee0_0000)
    card.write16(0x42, 1 | (1 << 4))
    card.config.write(0x50, 4, 0b10)

    card.msi?.signal(0)
    card.msi?.signal(1)
    const pending = card.config.read(0x54, 4)
    card.config.write(0x50, 4, 0)

    expect([pending, card.config.read(0x54, 4)]).toEqual([0b10, 0])
    expect(heard.map((it) => it.split(' ')[0])).toEqual(['fee00000:0', 'fee00000:1'])
  })

  test('can be narrow, with its data right behind the address', () => {
    const { card, heard } = interruptScene({ msi: { wide: false } })
    card.config.write(0x44, 4, 0xfee0_0004)
    card.write16(0x48, 7)
    card.write16(0x42, 1)

    card.msi?.signal(0)

    expect(heard).toEqual(['fee00004:7 from 10'])
    expect(card.config.read(0x42, 2) & 0x80).toBe(0)
  })

  test.each([0, 3, 64])('cannot have %i vectors', (vectors) => {
    expect(() => new Signaller({ msi: { vectors } })).toThrow(`'card' cannot have ${vectors} MSI vectors`)
  })
})
