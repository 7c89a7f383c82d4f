import { CapabilityList, ConfigSpace, Header, Status } from '@hostbridge/devices/pci'
import { describe, expect, test } from 'vitest'

describe('the capabilities of a function (PCI Local Bus 3.0, section 6.7)', () => {
  test('hang together from the header on, and the status register says that there are some', () => {
    const config = new ConfigSpace()
    const list = new CapabilityList('card', config)

    const offsets = [list.add(0x01, 8), list.add(0x05, 14), list.add(0x11, 12)]

    const walked: number[] = []
    for (let at = config.get(Header.capabilities); at !== 0; at = config.read(at + 1, 1)) walked.push(at)
    expect(walked).toEqual(offsets)
    expect(offsets.map((at) => config.read(at, 1))).toEqual([0x01, 0x05, 0x11])
    expect(config.get(Header.status) & Status.capabilities).toBe(Status.capabilities)
  })

  test('cannot be written where no field says so', () => {
    const config = new ConfigSpace()
    const list = new CapabilityList('card', config)
    const offset = list.add(0x09, 16)

    config.write(offset, 4, 0xffff_ffff)
    config.write(offset + 8, 4, 0xffff_ffff)

    expect([config.read(offset, 4), config.read(offset + 8, 4)]).toEqual([0x09, 0])
  })

  test('fill the gaps between those that have their own places', () => {
    const list = new CapabilityList('card', new ConfigSpace())

    list.add(0x10, 0x3c, 0x48)

    expect([list.add(0x01, 8), list.add(0x05, 14)]).toEqual([0x40, 0x84])
  })

  test('do not lie over each other, nor past the end', () => {
    const list = new CapabilityList('card', new ConfigSpace())
    list.add(0x01, 8)

    expect(() => list.add(0x05, 14, 0x44)).toThrow('capability 0x01 has 0x40 to 0x47')
    expect(() => list.add(0x09, 0xc0)).toThrow("'card' has no 192 bytes left for capability 0x09")
  })
})
