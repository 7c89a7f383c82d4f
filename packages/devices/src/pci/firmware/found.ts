import { formatPciAddress } from '../address.ts'
import type { BarKind } from '../bar.ts'

/** A function that answered. */
export interface FoundFunction {
  /** Its routing id: bus 15..8, device 7..3, function 2..0. */
  readonly address: number
  readonly vendor: number
  readonly device: number
  /** Base class, sub class and programming interface. */
  readonly classCode: number
  /** The bus behind it, if it is a bridge that leads to one. */
  readonly behind: FoundBus | undefined
  /** Whether it has the header of a bridge. */
  readonly bridge: boolean
}

/** A bus that was searched. */
export interface FoundBus {
  readonly number: number
  /** The highest bus number behind it, its own where there is none. */
  readonly last: number
  /** Ascending by address. */
  readonly functions: readonly FoundFunction[]
}

/** A base address register, as its bits tell. */
export interface FoundBar {
  /** 0 to 5; 6 for a ROM. */
  readonly index: number
  /** Offset of the register. */
  readonly offset: number
  readonly kind: BarKind
  readonly prefetchable: boolean
  /** Bytes, a power of two. */
  readonly size: bigint
}

/** All functions of a bus and of the buses behind it, each bridge before what is behind it. */
export function* functionsOf(bus: FoundBus): Generator<FoundFunction, void, undefined> {
  for (const found of bus.functions) {
    yield found
    if (found.behind !== undefined) yield* functionsOf(found.behind)
  }
}

/** Writes a routing id as `lspci` writes an address. */
export function formatRoutingId(address: number): string {
  return formatPciAddress({
    domain: 0,
    bus: (address >>> 8) & 0xff,
    device: (address >>> 3) & 0x1f,
    function: address & 7,
  })
}
