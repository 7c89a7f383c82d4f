import { type Bar, FIRST_BAR, Header, type PciDevice, ROM_BAR, Type0 } from '../pci/index.ts'

/** A property of a device tree node; its value as it lies in memory. */
export type NodeProperty = readonly [name: string, value: Uint8Array]

/** The device tree node that a guest is given of a function that it takes in (LoPAR, "ibm,configure-connector"; PCI Bus Binding to IEEE 1275). */
export interface PciNode {
  readonly name: string
  readonly properties: readonly NodeProperty[]
}

/** What kind of addresses a register leads to, in the highest word of a `reg` entry. */
const Space = {
  config: 0,
  io: 0x0100_0000,
  memory32: 0x0200_0000,
  memory64: 0x0300_0000,
  prefetchable: 0x4000_0000,
} as const

export function nodeOf(device: PciDevice, deviceFunction: number, connector: number): PciNode {
  const { config } = device
  const hex = (value: number): string => value.toString(16)
  const unit =
    (deviceFunction & 7) === 0 ? hex(deviceFunction >>> 3) : `${hex(deviceFunction >>> 3)},${deviceFunction & 7}`
  const pin = config.get(Header.interruptPin)
  const bars = [...device.bars.all].map(([index, bar]) => entryOf(deviceFunction, index, bar))
  const cells = (name: string, ...values: number[]): NodeProperty => [name, cellBytes(values)]
  return {
    name: `pci${hex(config.get(Header.vendor))},${hex(config.get(Header.device))}@${unit}`,
    properties: [
      cells('vendor-id', config.get(Header.vendor)),
      cells('device-id', config.get(Header.device)),
      cells('revision-id', config.get(Header.revision)),
      cells('class-code', config.get(Header.classCode)),
      ...(pin === 0 ? [] : [cells('interrupts', pin)]),
      ...(device.secondary === undefined
        ? [
            cells('subsystem-id', config.get(Type0.subsystem)),
            cells('subsystem-vendor-id', config.get(Type0.subsystemVendor)),
          ]
        : []),
      cells('#address-cells', 3),
      cells('#size-cells', 2),
      cells('ibm,my-drc-index', connector),
      ...(device.msi === undefined ? [] : [cells('ibm,req#msi', device.msi.vectors)]),
      ...(device.msix === undefined ? [] : [cells('ibm,req#msi-x', device.msix.vectors)]),
      cells('ibm,pci-config-space-type', config.size > 256 ? 1 : 0),
      cells('reg', Space.config | (deviceFunction << 8), 0, 0, 0, 0, ...bars.flat()),
    ],
  }
}

function entryOf(deviceFunction: number, index: number, bar: Bar): number[] {
  const kind = bar.kind === 'io' ? Space.io : bar.kind === 'memory64' ? Space.memory64 : Space.memory32
  const register = bar.kind === 'rom' ? ROM_BAR.function : FIRST_BAR + 4 * index
  const high = (kind | (bar.prefetchable ? Space.prefetchable : 0) | (deviceFunction << 8) | register) >>> 0
  return [high, 0, 0, Number(bar.size >> 32n), Number(bar.size & 0xffff_ffffn)]
}

function cellBytes(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length))
  for (const [index, value] of values.entries()) view.setUint32(4 * index, value)
  return new Uint8Array(view.buffer)
}
