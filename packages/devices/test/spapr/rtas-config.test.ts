import { EduDevice } from '@hostbridge/devices/endpoints'
import { PciDevice } from '@hostbridge/devices/pci'
import { RtasToken, SpaprHostBridge } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'
import { buidOf, firmwareScene, Status } from './firmware-scene.ts'

const { readPciConfig, writePciConfig, ibmReadPciConfig, ibmWritePciConfig } = RtasToken
const FAILED = { hcall: 0, results: [Status.hardware] }

class ExpressFunction extends PciDevice {
  constructor() {
    super('express', { express: true, vendor: 0x1b36, device: 0x10 })
    this.config.define({ offset: 0xabc, size: 4 }, 0x1234_5678, { writable: 0xff })
  }
}

function build() {
  const scene = firmwareScene()
  const [high, low] = buidOf(scene.phb)
  scene.phb.plug('01.2', new EduDevice())
  scene.phb.plug('02.0', new ExpressFunction())
  const read = (address: number, size: number) => scene.call(ibmReadPciConfig, [address, high, low, size], 2)
  const write = (address: number, size: number, value: number) => {
    return scene.call(ibmWritePciConfig, [address, high, low, size, value], 1)
  }
  return { ...scene, high, low, read, write }
}

describe('configuration access by firmware', () => {
  it('reads and writes 1, 2 and 4 bytes of a function of the bridge that it names (RT-3)', () => {
    const { read, write } = build()

    const ids = [read(0x0a00, 4), read(0x0a02, 2), read(0x0a0b, 1)]
    const written = write(0x0a3c, 1, 0x5a)

    expect(ids.map(({ results }) => results)).toEqual([
      [0, 0x11e8_1234],
      [0, 0x11e8],
      [0, 0x00],
    ])
    expect(written).toEqual({ hcall: 0, results: [0] })
    expect(read(0x0a3c, 1).results).toEqual([0, 0x5a])
  })

  it('of the older calls means bus unit id 0, which no bridge has (RT-3, RT-5)', () => {
    const { call } = build()

    expect(call(readPciConfig, [0x0a00, 4], 2)).toEqual(FAILED)
    expect(call(writePciConfig, [0x0a3c, 1, 1], 1)).toEqual(FAILED)
  })

  it.each([
    [readPciConfig, 2, 2],
    [writePciConfig, 3, 1],
    [ibmReadPciConfig, 4, 2],
    [ibmWritePciConfig, 5, 1],
  ])(
    'by token %i takes %i arguments and returns %i cells, else it is a hardware error (RT-3, RT-4)',
    (token, args, n) => {
      const { call, high, low } = build()
      const right = [0x0a00, high, low, 4, 0].slice(0, args)

      for (const [count, results] of [
        [args - 1, n],
        [args + 1, n],
        [args, n + 1],
        [args, n - 1],
      ] as const) {
        const answer = call(token, [...right, 0].slice(0, count), results)
        expect(answer).toEqual(results === 0 ? { hcall: 0, results: [] } : FAILED)
      }
    },
  )

  it('takes the register from bits 31..28 and 7..0 of its address, the function from 23..8 (RT-4)', () => {
    const { read, write, phb } = build()

    expect(read(0xa000_10bc, 4).results).toEqual([0, 0x1234_5678])
    write(0xa000_10bc, 1, 0xff)
    expect(phb.bus.at('02.0')?.config.read(0xabc, 4)).toBe(0x1234_56ff)
  })

  it('of a function that is not there is an error, and not all ones (RT-4)', () => {
    const { read, write } = build()

    expect([read(0x0800, 4), read(0x0b00, 4), read(0x1_0a00, 4), write(0x0800, 4, 0)]).toEqual(
      new Array(4).fill(FAILED),
    )
  })

  it.each([0, 3, 5, 8, 0xffff_ffff])('of %i bytes is an error (RT-4)', (size) => {
    const { read, write } = build()

    expect([read(0x0a00, size), write(0x0a00, size, 0)]).toEqual([FAILED, FAILED])
  })

  it('that is not aligned, or lies past the end of the configuration space, is an error without effect (RT-4)', () => {
    const { read, write, phb } = build()

    expect([read(0x0a01, 2), read(0x0a02, 4), write(0x0a3d, 2, 0xffff)]).toEqual(new Array(3).fill(FAILED))
    expect(phb.bus.at('01.2')?.config.read(0x3c, 4)).toBe(0x0000_0100)
    expect([read(0x1000_0a00, 4), write(0x1000_0a00, 1, 1), read(0xf000_10fc, 4)]).toEqual([
      FAILED,
      FAILED,
      { hcall: 0, results: [0, 0] },
    ])
  })

  it('finds each bridge by its bus unit id, and none by any other (RT-5)', () => {
    const { machine, call, phb, high, low } = build()
    const second = machine.plug(new SpaprHostBridge({ index: 1, hypercalls: phb.hypercalls }))
    second.plug('01.2', new ExpressFunction())
    const idAt = (buid: readonly number[]) => call(ibmReadPciConfig, [0x0a00, ...buid, 4], 2).results

    expect([idAt(buidOf(phb)), idAt(buidOf(second))]).toEqual([
      [0, 0x11e8_1234],
      [0, 0x0010_1b36],
    ])
    expect([idAt([high, low + 2]), idAt([0, low]), idAt([low, high])]).toEqual(new Array(3).fill([Status.hardware]))
    machine.unplug(second)
    expect(idAt([high, low + 1])).toEqual([Status.hardware])
  })
})
