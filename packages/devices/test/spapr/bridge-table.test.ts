import { Machine } from '@hostbridge/core/machine'
import { EduDevice } from '@hostbridge/devices/endpoints'
import { Hypercalls, SpaprHostBridge } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'

describe('the host bridges of a machine', () => {
  it('are found by the two cells of their bus unit id', () => {
    const machine = new Machine('pseries')
    const hypercalls = new Hypercalls()
    const [first, last] = [0, 30].map((index) => machine.plug(new SpaprHostBridge({ index, hypercalls })))

    const { bridges } = hypercalls

    expect([bridges.find(0x8000000, 0x20000000), bridges.find(0x8000000, 0x2000001e)]).toEqual([first, last])
    expect([bridges.find(0, 0), bridges.find(0x20000000, 0x8000000)]).toEqual([undefined, undefined])
    expect([...bridges]).toEqual([first, last])
  })

  it('have their functions by bus in bits 23..16, device and function in 15..8 (RT-4)', () => {
    const phb = new Machine('pseries').plug(new SpaprHostBridge({ index: 0 }))
    const edu = phb.plug('1f.7', new EduDevice())
    const { bridges } = phb.hypercalls

    const found = [0xff00, 0xf000_ffff, 0x0100_ff00, 0x1_ff00, 0xf800].map((at) => bridges.functionOf(phb, at))

    expect(found).toEqual([edu, edu, edu, undefined, undefined])
    expect(bridges.functionOf(undefined, 0xff00)).toBeUndefined()
  })

  it('have an id each (PH-1)', () => {
    const hypercalls = new Hypercalls()
    const machine = new Machine('pseries')
    machine.plug(new SpaprHostBridge({ index: 3, hypercalls }))
    const { bridges } = hypercalls
    const [other] = bridges

    expect(() => bridges.add({ ...other, name: 'twin', buid: other?.buid } as never)).toThrowError(
      "'twin' cannot be plugged: 'phb3' has bus unit id 0x800000020000003",
    )
  })
})
