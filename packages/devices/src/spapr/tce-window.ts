import { ADDRESS_SPACE_SIZE, formatRange, hex, rangeOf } from '@hostbridge/core/address'
import { MAX_TCE_ENTRIES, TCE_PAGE_SHIFTS } from './spec/tce.ts'

/** A stretch of a bus's DMA addresses that a TCE table translates. */
export interface TceWindow {
  /** log2 of the page size in bytes: 12, 16, 21 or 24. */
  readonly pageShift: number
  /** First address on the bus, a multiple of the page size. */
  readonly busOffset: bigint
  /** Pages, 1 to 2^32 - 1. */
  readonly entries: number
}

/** Bytes. */
export function windowSize(window: TceWindow): bigint {
  return BigInt(window.entries) << BigInt(window.pageShift)
}

export function formatWindow(window: TceWindow): string {
  const range = formatRange(rangeOf(window.busOffset, windowSize(window)))
  return `${range} (${window.entries} pages of ${hex(1n << BigInt(window.pageShift))} bytes)`
}

/** Why no table can have such a window; `undefined` where one can. */
export function windowFault(window: TceWindow): string | undefined {
  const { pageShift, busOffset, entries } = window
  if (!TCE_PAGE_SHIFTS.includes(pageShift)) return `page shift ${pageShift} is none of ${TCE_PAGE_SHIFTS.join(', ')}`
  if (!Number.isInteger(entries) || entries < 1 || entries > MAX_TCE_ENTRIES) {
    return `${entries} entries are not between 1 and ${MAX_TCE_ENTRIES}`
  }
  if (busOffset < 0n || busOffset % (1n << BigInt(pageShift)) !== 0n) {
    return `bus address ${hex(busOffset)} is no multiple of the page size ${hex(1n << BigInt(pageShift))}`
  }
  if (busOffset + windowSize(window) > ADDRESS_SPACE_SIZE) {
    return `${hex(windowSize(window))} bytes from ${hex(busOffset)} do not end below 2^64`
  }
  return undefined
}
