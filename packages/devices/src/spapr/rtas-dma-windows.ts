import { MappingRefusedError } from '@hostbridge/core/memory'
import type { BridgeTable, FirmwareBridge } from './bridge-table.ts'
import type { Rtas } from './rtas.ts'
import { LARGEST_WINDOW, PAGE_SIZE_BITS, RtasStatus, RtasToken } from './spec/rtas.ts'

const WRONG = [RtasStatus.parameter]

/**
 * Offers the calls for dynamic DMA windows (rules DW-1 to DW-8). A window that a listener refuses is a hardware error, told as the
 * machine's guest error through `refused`: one that is created is not there then, nor is the default one where a removal or a reset
 * would have brought it back.
 */
export function offerDmaWindowCalls(
  rtas: Rtas,
  bridges: BridgeTable,
  refused: (call: string, error: MappingRefusedError) => void,
): void {
  const bridgeOf = (high: number, low: number): FirmwareBridge | undefined => {
    const bridge = bridges.find(high, low)
    return bridge?.dynamicWindows === true ? bridge : undefined
  }
  const attempt = (call: string, change: () => readonly number[]): readonly number[] => {
    try {
      return change()
    } catch (error) {
      if (!(error instanceof MappingRefusedError)) throw error
      refused(call, error)
      return [RtasStatus.hardware]
    }
  }
  const wrongCount = RtasStatus.parameter
  rtas.register(RtasToken.queryDmaWindow, {
    name: 'ibm,query-pe-dma-window',
    args: 3,
    results: [5, 6],
    wrongCount,
    run: ([, high = 0, low = 0], results) => {
      const bridge = bridgeOf(high, low)
      return bridge === undefined ? WRONG : query(bridge, results)
    },
  })
  rtas.register(RtasToken.createDmaWindow, {
    name: 'ibm,create-pe-dma-window',
    args: 5,
    results: [4],
    wrongCount,
    run: ([, high = 0, low = 0, pageShift = 0, windowShift = 0]) => {
      const bridge = bridgeOf(high, low)
      if (bridge === undefined) return WRONG
      const refusal = bridge.windows.refusalOf({ pageShift, windowShift })
      if (refusal !== undefined) return [refusal.status]
      return attempt('ibm,create-pe-dma-window', () => {
        const { liobn, window } = bridge.windows.create({ pageShift, windowShift })
        const start = window?.busOffset ?? 0n
        return [RtasStatus.success, liobn, Number(start >> 32n), Number(start & 0xffff_ffffn)]
      })
    },
  })
  rtas.register(RtasToken.removeDmaWindow, {
    name: 'ibm,remove-pe-dma-window',
    args: 1,
    results: [1],
    wrongCount,
    run: ([liobn = 0]) => {
      for (const { windows, dynamicWindows } of bridges) {
        if (!dynamicWindows || !windows.active.some((table) => table.liobn === liobn)) continue
        return attempt('ibm,remove-pe-dma-window', () => {
          windows.remove(liobn)
          return [RtasStatus.success]
        })
      }
      return WRONG
    },
  })
  rtas.register(RtasToken.resetDmaWindow, {
    name: 'ibm,reset-pe-dma-window',
    args: 3,
    results: [1],
    wrongCount,
    run: ([, high = 0, low = 0]) => {
      const bridge = bridgeOf(high, low)
      if (bridge === undefined) return WRONG
      return attempt('ibm,reset-pe-dma-window', () => {
        bridge.windows.reset()
        return [RtasStatus.success]
      })
    },
  })
}

/** How many windows are left, how large they may be, and with which pages (DW-1, DW-2). */
function query({ windows }: FirmwareBridge, results: number): readonly number[] {
  const free = windows.tables.length - windows.active.length
  const pages = windows.pageShifts.reduce((bits, shift) => bits | (PAGE_SIZE_BITS.get(shift) ?? 0), 0)
  const { pages32, pages64High, pages64Low } = LARGEST_WINDOW
  return results === 5
    ? [RtasStatus.success, free, pages32, pages, 0]
    : [RtasStatus.success, free, pages64High, pages64Low, pages, 0]
}
