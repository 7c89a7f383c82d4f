import { Machine } from '@hostbridge/core/machine'
import { MemTx } from '@hostbridge/core/memory'
import { DmaEngine } from '@hostbridge/devices/endpoints'
import { MSI_WINDOW, SpaprHostBridge } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'

describe('the MSI window', () => {
  it("turns a function's 32-bit little-endian write into the interrupt of that number (PH-4)", () => {
    const phb = new Machine('pseries').plug(new SpaprHostBridge({ index: 0 }))
    const engine = phb.plug('00:01.0', new DmaEngine())
    const raised: number[] = []
    const disconnect = phb.msi.connect((irq) => raised.push(irq))

    const results = [
      engine.write(MSI_WINDOW.start, Uint8Array.of(0x02, 0x11, 0, 0)),
      engine.write(MSI_WINDOW.start + 0xffcn, Uint8Array.of(0xff, 0xff, 0xff, 0xff)),
    ]
    disconnect()
    engine.write(MSI_WINDOW.start, Uint8Array.of(3, 0, 0, 0))

    expect(results).toEqual([MemTx.ok, MemTx.ok])
    expect(raised).toEqual([0x1102, 0xffffffff])
  })

  it('reads as 0', () => {
    const phb = new Machine('pseries').plug(new SpaprHostBridge({ index: 0 }))
    const engine = phb.plug('00:01.0', new DmaEngine())

    expect(engine.read(MSI_WINDOW.start, 4)).toEqual({ result: MemTx.ok, bytes: new Uint8Array(4) })
  })
})
