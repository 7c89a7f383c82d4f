import { HostbridgeError } from '@hostbridge/core'
import { formatRange, hex, type Range, rangeOf } from '@hostbridge/core/address'

/** The kinds of addresses that firmware gives out: I/O, memory below 4 GiB, and prefetchable memory anywhere. */
export type PoolKind = 'io' | 'memory32' | 'memory64'

export const POOL_KINDS: readonly PoolKind[] = ['io', 'memory32', 'memory64']

const NAMES: Readonly<Record<PoolKind, string>> = {
  io: 'I/O window',
  memory32: '32-bit memory window',
  memory64: '64-bit memory window',
}

/** A stretch of addresses that a function, or a bridge for those behind it, needs. */
export interface Need {
  /** Bytes. */
  readonly size: bigint
  /** A power of two, bytes. */
  readonly align: bigint
  /** For messages: `BAR 0 of 01:00.0`, or that and how many others, of a bridge. */
  readonly who: string
  /** Is called with the first address that it gets. */
  readonly place: (address: bigint) => void
}

/** Needs behind a bridge as one: how they lie beside each other from an address that is aligned for all of them. */
export interface Packed {
  readonly size: bigint
  readonly align: bigint
  readonly offsets: readonly { readonly need: Need; readonly offset: bigint }[]
}

/** Lays needs beside each other, the most aligned first, so that powers of two leave no gaps; the size is a multiple of `granule`. */
export function pack(needs: readonly Need[], granule: bigint): Packed {
  const offsets: { need: Need; offset: bigint }[] = []
  let end = 0n
  let align = granule
  for (const need of inOrder(needs)) {
    const offset = roundUp(end, need.align)
    offsets.push({ need, offset })
    end = offset + need.size
    if (need.align > align) align = need.align
  }
  return { size: roundUp(end, granule), align, offsets }
}

/**
 * Gives every need its addresses in a window of the host bridge, the most aligned first.
 *
 * @throws HostbridgeError `pci.bar-space` where one does not fit, naming it and who has the addresses before it.
 */
export function allot(kind: PoolKind, needs: readonly Need[], window: Range | undefined): void {
  let next = window?.start ?? 0n
  let before: string | undefined
  for (const need of inOrder(needs)) {
    const address = roundUp(next, need.align)
    const end = address + need.size
    if (window === undefined || end - 1n > window.last) {
      const where = window === undefined ? `there is no ${NAMES[kind]}` : `the ${NAMES[kind]} ${formatRange(window)}`
      const has =
        before === undefined ? 'is too small for it alone' : `is taken up to ${hex(next - 1n)}, last by ${before}`
      throw new HostbridgeError(
        'pci.bar-space',
        window === undefined
          ? `${need.who} needs ${hex(need.size)} bytes, and ${where}: give the host bridge one`
          : `${need.who} needs ${hex(need.size)} bytes, and ${where} ${has}: make the window larger, or plug fewer functions`,
        { who: need.who, size: need.size, window: kind, ...(before !== undefined && { other: before }) },
      )
    }
    need.place(address)
    next = end
    before = `${need.who} with ${formatRange(rangeOf(address, need.size))}`
  }
}

/** Larger alignment first, then larger size; else as they came. */
function inOrder(needs: readonly Need[]): Need[] {
  return [...needs].sort((a, b) => compare(b.align, a.align) || compare(b.size, a.size))
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function roundUp(value: bigint, to: bigint): bigint {
  return (value + to - 1n) & -to
}
