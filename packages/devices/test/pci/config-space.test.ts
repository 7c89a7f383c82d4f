import { fc, test } from '@fast-check/vitest'
import { type ConfigField, ConfigSpace, EXPRESS_CONFIG_SIZE } from '@hostbridge/devices/pci'
import { describe, expect } from 'vitest'

const ID: ConfigField = { offset: 0x40, size: 2 }
const ENABLE: ConfigField = { offset: 0x42, size: 2, low: 15, width: 1 }
const COUNT: ConfigField = { offset: 0x42, size: 2, low: 4, width: 3 }

describe('configuration space', () => {
  test('changes only the bits that can be written', () => {
    const config = new ConfigSpace()
    config.define({ offset: 4, size: 2 }, 0x0001, { writable: 0x0507 })

    config.write(4, 2, 0xffff)

    expect(config.read(4, 2)).toBe(0x0507)
  })

  test('clears by a 1 what is cleared so, and keeps it where a 0 is written', () => {
    const config = new ConfigSpace()
    config.define({ offset: 6, size: 2 }, 0xf910, { clearable: 0xf900 })

    config.write(6, 2, 0x8110)

    expect(config.read(6, 2)).toBe(0x7810)
  })

  test('is plain storage behind the header, up to the extended space', () => {
    const config = new ConfigSpace(EXPRESS_CONFIG_SIZE)

    config.write(0x80, 4, 0x12345678)
    config.write(0xfc, 4, 0xaabbccdd)
    config.write(0x100, 4, 0x12345678)

    expect([config.read(0x80, 4), config.read(0xfe, 1), config.read(0x100, 4)]).toEqual([0x12345678, 0xbb, 0])
  })

  test('answers all ones past its end, and drops what is written there', () => {
    const config = new ConfigSpace()

    config.write(0x100, 4, 1)
    config.write(0xfe, 4, 1)

    expect([config.read(0x100, 1), config.read(0xff, 2), config.read(0xfe, 4)]).toEqual([0xff, 0xffff, 0xffff_ffff])
  })

  test('gives every field its bits and nobody else’s', () => {
    const config = new ConfigSpace()
    config.claim(0x40, 4)

    config.define(ID, 0x1234)
    config.define(ENABLE, 1, { writable: 1 })
    config.define(COUNT, 5, { writable: 7 })
    config.write(0x40, 4, 0x0010_ffff)

    expect([config.get(ID), config.get(ENABLE), config.get(COUNT), config.read(0x40, 4)]).toEqual([
      0x1234, 0, 1, 0x0010_1234,
    ])
  })

  test('goes back to the defined values with a reset, and keeps plain storage', () => {
    const config = new ConfigSpace()
    config.claim(0x40, 4)
    config.define(COUNT, 5, { writable: 7 })
    config.write(0x42, 2, 0)
    config.write(0x80, 2, 0x1234)

    config.reset()

    expect([config.get(COUNT), config.read(0x80, 2)]).toEqual([5, 0x1234])
  })

  test('tells the watchers of a write that meets their bytes, of a reset and of a restore', () => {
    const config = new ConfigSpace()
    const heard: string[] = []
    config.watch(0x44, 4, () => heard.push('44'))
    config.watch(0x48, 1, () => heard.push('48'))

    config.write(0x40, 4, 1)
    config.write(0x47, 1, 1)
    config.write(0x46, 4, 1)
    heard.push('reset')
    config.reset()

    expect(heard).toEqual(['44', '44', '48', 'reset', '44', '48'])
  })

  test('refuses a capability that reaches past its end, and a state of another size', () => {
    const config = new ConfigSpace()

    expect(() => config.claim(0xfc, 8)).toThrow('0xfc to 0x103 do not lie in a configuration space of 256 bytes')
    expect(() => new ConfigSpace(EXPRESS_CONFIG_SIZE).restore(config.save())).toThrow('has 256 bytes and this one 4096')
  })

  test.prop([
    fc.array(
      fc.record({
        offset: fc.nat(15),
        size: fc.constantFrom(1, 2, 4),
        value: fc.integer({ min: 0, max: 0xffff_ffff }),
      }),
      { maxLength: 20 },
    ),
    fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
    fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
    fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
  ])('reads after any writes what one long number would hold', (writes, initial, writable, clearable) => {
    const config = new ConfigSpace()
    const clearing = clearable & ~writable
    const word = (of: bigint, index: number): number => Number((of >> BigInt(32 * index)) & 0xffff_ffffn)
    for (let index = 0; index < 4; index++) {
      const field = { offset: 0x10 + 4 * index, size: 4 }
      config.define(field, word(initial, index), { writable: word(writable, index), clearable: word(clearing, index) })
    }
    let model = initial

    for (const { offset, size, value } of writes) {
      config.write(0x10 + offset, size, value)
      const bits = (2n ** BigInt(8 * size) - 1n) << BigInt(8 * offset)
      const written = (BigInt(value) << BigInt(8 * offset)) & bits & (2n ** 128n - 1n)
      model = (model & ~(bits & writable)) | (written & writable)
      model &= ~(written & clearing)
    }

    expect([0, 1, 2, 3].map((index) => config.read(0x10 + 4 * index, 4))).toEqual(
      [0, 1, 2, 3].map((index) => word(model, index)),
    )
  })
})

describe('bytes of another configuration space', () => {
  test('are read and written there, and its watchers are told', () => {
    const [card, shown] = [new ConfigSpace(), new ConfigSpace()]
    const told: string[] = []
    card.define({ offset: 0x44, size: 4 }, 0x1234_5678, { writable: 0xffff })
    card.watch(0x44, 4, () => told.push('card'))
    shown.watch(0x44, 4, () => told.push('shown'))
    shown.forward(0x44, 4, card)

    shown.write(0x44, 4, 0xffff_ffff)
    shown.write(0x48, 1, 7)

    expect([shown.read(0x44, 4), card.read(0x44, 4)]).toEqual([0x1234_ffff, 0x1234_ffff])
    expect([shown.read(0x46, 1), shown.read(0x48, 1), card.read(0x48, 1)]).toEqual([0x34, 7, 0])
    expect(told).toEqual(['card'])
  })
})
