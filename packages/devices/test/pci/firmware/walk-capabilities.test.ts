import {
  BusConfigAccess,
  CapabilityId,
  type ConfigAccess,
  PciDevice,
  walkCapabilities,
  walkExtendedCapabilities,
} from '@hostbridge/devices/pci'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ecamWorld, NumberedCard } from './firmware-world.ts'

class Capable extends PciDevice {
  constructor() {
    super('capable', { express: true })
    this.usePowerManagement()
    this.useMsi({ offset: 0x80 })
    this.capabilities.add(CapabilityId.vendor, 8)
    this.config.define({ offset: 0x100, size: 4 }, 0x1481_0001)
    this.config.define({ offset: 0x148, size: 4 }, 0x0002_000f)
  }
}

/** A function whose configuration space is these bytes. */
function bytes(of: Uint8Array): ConfigAccess {
  const view = new DataView(of.buffer)
  return {
    read: (_, offset, size) =>
      size === 4 ? view.getUint32(offset, true) : size === 2 ? view.getUint16(offset, true) : view.getUint8(offset),
    write: () => {},
  }
}

describe('walking capabilities', () => {
  it('finds them in the order of their links', () => {
    const { bus } = ecamWorld()
    bus.plug('01.0', new Capable())

    const found = [...walkCapabilities(new BusConfigAccess(bus), 8)]

    expect(found).toEqual([
      { id: 1, offset: 0x40 },
      { id: 5, offset: 0x80 },
      { id: 9, offset: 0x48 },
    ])
  })

  it('finds extended ones from 0x100 on, with their versions', () => {
    const { bus } = ecamWorld()
    bus.plug('01.0', new Capable())

    const found = [...walkExtendedCapabilities(new BusConfigAccess(bus), 8)]

    expect(found).toEqual([
      { id: 1, version: 1, offset: 0x100 },
      { id: 15, version: 2, offset: 0x148 },
    ])
  })

  it('finds none where there are none, no extended space, and nobody', () => {
    const { bus } = ecamWorld()
    bus.plug('01.0', new NumberedCard(1))
    bus.plug('02.0', new NumberedCard(2, []))
    const access = new BusConfigAccess(bus)
    const space = new Uint8Array(4096)
    space[0x34] = 0x40

    expect([...walkCapabilities(access, 8), ...walkCapabilities(access, 0x18)]).toEqual([])
    expect([...walkExtendedCapabilities(access, 8), ...walkExtendedCapabilities(access, 0x18)]).toEqual([])
    expect([...walkCapabilities(bytes(space), 0), ...walkExtendedCapabilities(bytes(space), 0)]).toEqual([])
  })

  it('ends, whatever the links say', () => {
    const link = fc.record({
      at: fc.nat(1023).map((word) => 4 * word),
      value: fc.integer({ min: 0, max: 0xffff_ffff }),
    })

    fc.assert(
      fc.property(fc.array(link, { maxLength: 60 }), (links) => {
        const space = new Uint8Array(4096)
        const view = new DataView(space.buffer)
        for (const { at, value } of links) view.setUint32(at, value, true)
        space[6] = 0x10

        const plain = [...walkCapabilities(bytes(space), 0)]
        const extended = [...walkExtendedCapabilities(bytes(space), 0)]

        expect(plain.every(({ offset }) => offset >= 0x40 && offset < 0x100 && offset % 4 === 0)).toBe(true)
        expect(extended.every(({ offset }) => offset >= 0x100 && offset % 4 === 0)).toBe(true)
        expect(new Set(plain.map(({ offset }) => offset)).size).toBe(plain.length)
        expect(new Set(extended.map(({ offset }) => offset)).size).toBe(extended.length)
      }),
      { numRuns: 100 },
    )
  })

  it('ends at a link to itself', () => {
    const space = new Uint8Array(4096)
    space.set([0x10], 6)
    space.set([0x40], 0x34)
    space.set([9, 0x40], 0x40)
    space.set([1, 0, 1, 0x10], 0x100)

    expect([...walkCapabilities(bytes(space), 0)]).toHaveLength(1)
    expect([...walkExtendedCapabilities(bytes(space), 0)]).toHaveLength(1)
  })
})
