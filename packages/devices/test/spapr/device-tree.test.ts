import { GiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { bridgeProperties, SpaprHostBridge } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'

function propertiesOf(options: Partial<ConstructorParameters<typeof SpaprHostBridge>[0]> = {}) {
  return new Machine('pseries').plug(new SpaprHostBridge({ index: 1, ...options })).properties
}

describe('the properties of a host bridge’s node', () => {
  it('have the ranges of I/O, of memory of 32 and of 64 bits: kind, bus, system, size (PH-9)', () => {
    expect(propertiesOf().get('ranges')).toEqual([
      ...[0x0100_0000, 0, 0, 0x2000, 0x0001_0000, 0, 0x1_0000],
      ...[0x0200_0000, 0, 0x8000_0000, 0x2001, 0, 0, 0x8000_0000],
      ...[0x0300_0000, 0x2200, 0, 0x2200, 0, 0x100, 0],
    ])
    expect(propertiesOf({ memory64Size: 0n }).get('ranges')).toHaveLength(14)
  })

  it('have the default window: LIOBN, address, 0, size (PH-9)', () => {
    const properties = propertiesOf({ window: { start: 0x12_4000_0000n, size: 2n * GiB } })

    expect(properties.get('ibm,dma-window')).toEqual([0x8000_0100, 0x12, 0x4000_0000, 0, 0x8000_0000])
    expect(properties.get('ibm,#dma-address-cells')).toEqual([2])
    expect(properties.get('ibm,#dma-size-cells')).toEqual([2])
  })

  it('have the tokens of the calls for windows, where there may be some (PH-9)', () => {
    const properties = propertiesOf()

    expect(properties.get('ibm,ddw-applicable')).toEqual([0x2026, 0x2027, 0x2028])
    expect(properties.get('ibm,ddw-extensions')).toEqual([2, 0x2029, 1])
    const without = propertiesOf({ dynamicWindows: false })
    expect([without.has('ibm,ddw-applicable'), without.has('ibm,ddw-extensions')]).toEqual([false, false])
  })

  it('have the cells of addresses, and the buses', () => {
    const properties = propertiesOf()

    expect(['#address-cells', '#size-cells', 'bus-range'].map((name) => properties.get(name))).toEqual([
      [3],
      [2],
      [0, 255],
    ])
  })

  it('have no default window while there is none', () => {
    const phb = new Machine('pseries').plug(new SpaprHostBridge({ index: 0 }))
    phb.windows.close()

    const properties = bridgeProperties({ windows: phb.addresses.all, table: phb.window, dynamicWindows: true })

    expect(properties.has('ibm,dma-window')).toBe(false)
  })
})
