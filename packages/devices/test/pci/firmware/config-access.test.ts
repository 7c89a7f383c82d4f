import { BusConfigAccess, PciBridge } from '@hostbridge/devices/pci'
import { describe, expect, it } from 'vitest'
import { ecamWorld, NumberedCard, pseriesWorld } from './firmware-world.ts'

const ways = {
  'a bus directly': () => {
    const world = ecamWorld()
    return { ...world, access: new BusConfigAccess(world.bus) }
  },
  'an ECAM window': ecamWorld,
  'RTAS (RT-3)': pseriesWorld,
}

describe.each(Object.entries(ways))('configuration access by %s', (_, make) => {
  it('reads and writes 1, 2 and 4 bytes of the function with a routing id', () => {
    const { access, bus } = make()
    const card = bus.plug('03.0', new NumberedCard(7))
    const address = 0x18

    access.write(address, 0x40, 4, 0x1234_5678)
    access.write(address, 0x42, 2, 0xabcd)
    access.write(address, 0x41, 1, 0xef)

    expect([access.read(address, 0, 4), access.read(address, 2, 2), access.read(address, 0xb, 1)]).toEqual([
      0x0007_1b36, 7, 2,
    ])
    expect(access.read(address, 0x40, 4)).toBe(0xabcd_ef78)
    expect(card.config.read(0x40, 4)).toBe(0xabcd_ef78)
  })

  it('reads all ones where nobody is, and writes nothing', () => {
    const { access } = make()

    access.write(0x18, 4, 2, 7)

    expect([1, 2, 4].map((size) => access.read(0x18, 0, size))).toEqual([0xff, 0xffff, 0xffff_ffff])
    expect(access.read(0xff00, 0, 4)).toBe(0xffff_ffff)
  })

  it('reaches behind bridges by the numbers that they have', () => {
    const { access, bus } = make()
    const bridge = bus.plug('01.0', new PciBridge())
    bridge.plug('1f.0', new NumberedCard(9))

    access.write(0x08, 0x18, 4, 0x00ff_2000)

    expect(access.read(0x20f8, 0, 4)).toBe(0x0009_1b36)
    expect(access.read(0x21f8, 0, 4)).toBe(0xffff_ffff)
  })

  it('reaches the extended registers of functions that have them', () => {
    const { access, bus } = make()
    class Express extends NumberedCard {
      constructor() {
        super(1)
        this.config.define({ offset: 0xf0, size: 4 }, 0x77)
      }
    }
    bus.plug('02.0', new Express())

    expect([access.read(0x10, 0xf0, 4), access.read(0x10, 0x100, 4)]).toEqual([0x77, 0xffff_ffff])
  })
})
