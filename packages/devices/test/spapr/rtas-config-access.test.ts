import { GiB, KiB } from '@hostbridge/core/address'
import { PciDevice } from '@hostbridge/devices/pci'
import { firmwareWindows, RtasConfigAccess } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'
import { firmwareScene, readCells } from './firmware-scene.ts'

class Express extends PciDevice {
  constructor() {
    super('express', { express: true, vendor: 0x1b36, device: 0x10 })
    this.config.define({ offset: 0xffc, size: 4 }, 0x8765_4321, { writable: 0xffff })
  }
}

function build() {
  const { machine, phb } = firmwareScene()
  phb.plug('1f.0', new Express())
  const { hypercalls, buid } = phb
  const access = (id = buid) => new RtasConfigAccess({ hypercalls, buid: id, memory: machine.space, buffer: 0x3000n })
  return { machine, phb, access }
}

describe('configuration access by firmware calls', () => {
  it('reaches every register of a function (RT-3, RT-4)', () => {
    const { access } = build()

    access().write(0xf8, 0xffc, 2, 0xabcd)

    expect([access().read(0xf8, 0, 4), access().read(0xf8, 0xffc, 4), access().read(0xf8, 0xfff, 1)]).toEqual([
      0x0010_1b36, 0x8765_abcd, 0x87,
    ])
  })

  it('makes the calls of a guest, in a buffer of 44 bytes (RT-1)', () => {
    const { access, machine, phb } = build()

    access().read(0xf8, 0xffe, 2)

    expect(readCells(machine.space, 0x3000n, 10)).toEqual([
      0x2016,
      4,
      2,
      0xf000_f8fe,
      Number(phb.buid >> 32n),
      0x2000_0000,
      2,
      0,
      0x8765,
      0,
    ])
  })

  it('reads all ones where the call fails: nobody there, another bridge, a register that is not aligned (RT-4, RT-5)', () => {
    const { access, phb } = build()

    expect([access().read(0, 0, 4), access().read(0xf8, 1, 2), access(phb.buid + 1n).read(0xf8, 0, 1)]).toEqual([
      0xffff_ffff, 0xffff, 0xff,
    ])
  })

  it('reads all ones where there is no memory for its buffer', () => {
    const { machine, phb } = build()
    const { hypercalls, buid } = phb
    const access = new RtasConfigAccess({ hypercalls, buid, memory: machine.space, buffer: 1n << 40n })

    expect(access.read(0xf8, 0, 2)).toBe(0xffff)
  })

  it('may give out the addresses that the bridge’s windows show (PH-1)', () => {
    const { phb } = build()

    expect(firmwareWindows(phb.addresses)).toEqual({
      io: { start: 0n, last: 64n * KiB - 1n },
      memory32: { start: 2n * GiB, last: 4n * GiB - 1n },
      memory64: { start: 0x2100_0000_0000n, last: 0x21ff_ffff_ffffn },
    })
  })
})
