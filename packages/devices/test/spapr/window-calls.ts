import { type SpaprHostBridge, WindowStatus } from '@hostbridge/devices/spapr'

/** The RTAS calls of reference/spapr that deal with DMA windows: how many arguments and results each has. */
const COUNTS: Readonly<Record<string, readonly [args: number, rets: readonly number[]]>> = {
  'ibm,query-pe-dma-window': [3, [5, 6]],
  'ibm,create-pe-dma-window': [5, [4]],
  'ibm,remove-pe-dma-window': [1, [1]],
  'ibm,reset-pe-dma-window': [3, [1]],
}

/** The bits of the page sizes 4 KiB, 64 KiB, 2 MiB and 16 MiB (DW-2). */
const PAGE_MASK = 0x107

/** Does such a call with the bridge's windows and returns the results that it writes: one where it fails (RT-5). */
export function windowCall(phb: SpaprHostBridge, name: string, args: readonly number[], nret: number): number[] {
  const [argCount, retCounts] = COUNTS[name] ?? [-1, []]
  if (args.length !== argCount || !retCounts.includes(nret)) return [WindowStatus.parameter]
  const [address, high = 0, low = 0, pageShift = 0, windowShift = 0] = args
  const { windows } = phb
  if (name === 'ibm,remove-pe-dma-window') {
    if (!windows.active.some((table) => table.liobn === address)) return [WindowStatus.parameter]
    windows.remove(address as number)
    return [WindowStatus.success]
  }
  if ((BigInt(high) << 32n) + BigInt(low) !== phb.buid) return [WindowStatus.parameter]
  const free = windows.tables.length - windows.active.length
  switch (name) {
    case 'ibm,query-pe-dma-window':
      return nret === 5 ? [0, free, 0x80000000, PAGE_MASK, 0] : [0, free, 0x20, 0, PAGE_MASK, 0]
    case 'ibm,reset-pe-dma-window':
      windows.reset()
      return [WindowStatus.success]
    default: {
      const refusal = windows.refusalOf({ pageShift, windowShift })
      if (refusal !== undefined) return [refusal.status]
      const { liobn, window } = windows.create({ pageShift, windowShift })
      return [0, liobn, Number(window!.busOffset >> 32n), Number(window!.busOffset & 0xffffffffn)]
    }
  }
}
