import { RtasToken, VioDevice } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'
import { firmwareScene, Status } from './firmware-scene.ts'

function build() {
  const scene = firmwareScene()
  const vio = scene.machine.plug(new VioDevice('vscsi', 0x2000, scene.phb.hypercalls))
  const bypass = (...args: number[]) => scene.call(RtasToken.setTceBypass, args, 1).results
  return { ...scene, vio, bypass }
}

describe('ibm,set-tce-bypass', () => {
  it('lets the DMA of a unit go around its table, or through it (PH-10)', () => {
    const { bypass, vio } = build()

    const states = [1, 0, 0xffff_ffff].map((enable) => [bypass(0x2000, enable), vio.bypass])

    expect(states).toEqual([
      [[0], true],
      [[0], false],
      [[0], true],
    ])
  })

  it('is a parameter error for a unit that is not there, and for other than two arguments (PH-10)', () => {
    const { bypass, machine, vio } = build()

    const wrong = [bypass(0x2001, 1), bypass(0x80000000, 1), bypass(0x2000), bypass(0x2000, 1, 1), bypass()]

    expect(wrong).toEqual(new Array(5).fill([Status.parameter]))
    expect(vio.bypass).toBe(false)
    machine.unplug(vio)
    expect(bypass(0x2000, 1)).toEqual([Status.parameter])
  })
})
