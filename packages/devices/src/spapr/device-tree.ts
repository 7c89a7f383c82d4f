import type { BridgeWindow } from './bridge-windows.ts'
import { RtasToken } from './spec/rtas.ts'
import type { TceTable } from './tce-table.ts'

/** Address and size cells of a DMA window (PH-9). */
const DMA_CELLS = 2

/** How the `ibm,ddw-extensions` property begins, and what it says about its second call (PH-9). */
const DDW_EXTENSIONS = { count: 2, reset: RtasToken.resetDmaWindow, largestBlock: 1 } as const

/** What the properties of a host bridge's node are made of. */
export interface BridgeNode {
  readonly windows: readonly BridgeWindow[]
  readonly table: TceTable
  readonly dynamicWindows: boolean
}

/** The properties of a host bridge's device tree node that a guest needs to use it, as 32-bit cells (PH-9; LoPAR, "PCI Host Bridge Nodes"). */
export function bridgeProperties({
  windows,
  table,
  dynamicWindows,
}: BridgeNode): ReadonlyMap<string, readonly number[]> {
  const properties = new Map<string, readonly number[]>([
    ['#address-cells', [3]],
    ['#size-cells', [2]],
    ['bus-range', [0, 0xff]],
    [
      'ranges',
      windows.flatMap(({ kind, bus, system, size }) => [
        kind * 0x100_0000,
        ...wide(bus),
        ...wide(system),
        ...wide(size),
      ]),
    ],
    ['ibm,#dma-address-cells', [DMA_CELLS]],
    ['ibm,#dma-size-cells', [DMA_CELLS]],
  ])
  const { window } = table
  if (window !== undefined) {
    const size = BigInt(window.entries) << BigInt(window.pageShift)
    properties.set('ibm,dma-window', [table.liobn, ...wide(window.busOffset), 0, Number(size & 0xffff_ffffn)])
  }
  if (dynamicWindows) {
    const { queryDmaWindow, createDmaWindow, removeDmaWindow } = RtasToken
    properties.set('ibm,ddw-applicable', [queryDmaWindow, createDmaWindow, removeDmaWindow])
    properties.set('ibm,ddw-extensions', [DDW_EXTENSIONS.count, DDW_EXTENSIONS.reset, DDW_EXTENSIONS.largestBlock])
  }
  return properties
}

function wide(value: bigint): [high: number, low: number] {
  return [Number(value >> 32n), Number(value & 0xffff_ffffn)]
}
