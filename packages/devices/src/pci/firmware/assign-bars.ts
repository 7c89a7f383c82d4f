import { type Range, rangeOf } from '@hostbridge/core/address'
import { Command, Header } from '../spec/header.ts'
import { allot, type Need, POOL_KINDS, type PoolKind, pack } from './address-pool.ts'
import type { ConfigAccess } from './config-access.ts'
import { type FoundBar, type FoundBus, type FoundFunction, formatRoutingId } from './found.ts'
import { GRANULE, openBridge } from './open-bridge.ts'
import { sizeBars } from './size-bars.ts'

/** The addresses on the bus that firmware may give out. */
export type FirmwareWindows = { readonly [kind in PoolKind]?: Range }

/** A base address register with the address that firmware gave to it. */
export interface AssignedBar extends FoundBar {
  readonly address: bigint
}

export interface AssignOptions {
  /** Whether functions may be bus masters; they may unless told. Bridges always may, or nothing behind them could. */
  readonly busMaster?: boolean
}

/** The BARs of each function, by routing id; ascending by index. */
export type AssignedBars = ReadonlyMap<number, readonly AssignedBar[]>

type Needs = Record<PoolKind, Need[]>

/** The last address that a 32-bit register can end at and still be mapped (PC-6). */
const LAST_32 = 0xffff_fffen

/** Firmware leaves the beginning of a window at 0 alone: a register at 0 counts as not written (PC-6). */
const FIRST_AT_ZERO = 0x1000n

/**
 * Sizes the BARs of all functions, gives them addresses, opens the windows of bridges for those behind them, and switches
 * everything on, from the ends of the tree to its root.
 *
 * Prefetchable memory of 64 bits goes into the 64-bit window, as do other 64-bit BARs on the first bus; what else is memory goes below
 * 4 GiB, which is all that the other window of a bridge can name. ROMs get an address and stay off.
 *
 * @throws HostbridgeError `pci.bar-space`; nothing is switched on then.
 */
export function assignBars(
  access: ConfigAccess,
  bus: FoundBus,
  windows: FirmwareWindows,
  options: AssignOptions = {},
): AssignedBars {
  const assigned = new Map<number, AssignedBar[]>()
  const assignment = new Assignment(access, windows.memory64 !== undefined, assigned)
  const needs = assignment.needsOf(bus, true)
  for (const kind of POOL_KINDS) allot(kind, needs[kind], usable(kind, windows[kind]))
  for (const bars of assigned.values()) bars.sort((a, b) => a.index - b.index)
  enable(access, bus, assigned, (options.busMaster ?? true) ? Command.busMaster : 0)
  return assigned
}

class Assignment {
  readonly #access: ConfigAccess
  readonly #has64: boolean
  readonly #assigned: Map<number, AssignedBar[]>

  constructor(access: ConfigAccess, has64: boolean, assigned: Map<number, AssignedBar[]>) {
    this.#access = access
    this.#has64 = has64
    this.#assigned = assigned
  }

  /** What the functions of a bus need, those behind its bridges as one need of each kind. */
  needsOf(bus: FoundBus, first: boolean): Needs {
    const needs: Needs = { io: [], memory32: [], memory64: [] }
    for (const found of bus.functions) {
      for (const bar of sizeBars(this.#access, found)) needs[this.#poolOf(bar, first)].push(this.#needOf(found, bar))
      if (found.bridge) this.#throughBridge(found, needs)
    }
    return needs
  }

  #throughBridge({ address, behind }: FoundFunction, needs: Needs): void {
    const inside = behind === undefined ? undefined : this.needsOf(behind, false)
    for (const kind of POOL_KINDS) {
      const [one, ...more] = inside?.[kind] ?? []
      if (one === undefined) {
        openBridge(this.#access, address, kind, undefined)
        continue
      }
      const { size, align, offsets } = pack([one, ...more], GRANULE[kind])
      const largest = offsets[0]?.need ?? one
      const others = more.length === 0 ? '' : ` and ${more.length} more beside it`
      const who = `${largest.who}${others}, behind the bridge at ${formatRoutingId(address)},`
      const place = (start: bigint): void => {
        openBridge(this.#access, address, kind, rangeOf(start, size))
        for (const { need, offset } of offsets) need.place(start + offset)
      }
      needs[kind].push({ size, align, who, place })
    }
  }

  #poolOf({ kind, prefetchable }: FoundBar, first: boolean): PoolKind {
    if (kind === 'io') return 'io'
    return kind === 'memory64' && this.#has64 && (prefetchable || first) ? 'memory64' : 'memory32'
  }

  #needOf({ address }: FoundFunction, bar: FoundBar): Need {
    const what = bar.kind === 'rom' ? 'the ROM' : `BAR ${bar.index}`
    const place = (start: bigint): void => {
      const { offset, kind } = bar
      this.#access.write(address, offset, 4, Number(start & 0xffff_ffffn))
      if (kind === 'memory64') this.#access.write(address, offset + 4, 4, Number(start >> 32n))
      const bars = this.#assigned.get(address)
      const given = { ...bar, address: start }
      if (bars === undefined) this.#assigned.set(address, [given])
      else bars.push(given)
    }
    return { size: bar.size, align: bar.size, who: `${what} of ${formatRoutingId(address)}`, place }
  }
}

/** Switches on what has addresses, what is behind a bridge before the bridge. */
function enable(access: ConfigAccess, bus: FoundBus, assigned: AssignedBars, busMaster: number): void {
  for (const { address, bridge, behind } of bus.functions) {
    if (behind !== undefined) enable(access, behind, assigned, busMaster)
    let command = bridge ? Command.io | Command.memory | Command.busMaster : busMaster
    for (const { kind } of assigned.get(address) ?? []) {
      if (kind !== 'rom') command |= kind === 'io' ? Command.io : Command.memory
    }
    const before = access.read(address, Header.command.offset, 2)
    if ((before & command) !== command) access.write(address, Header.command.offset, 2, before | command)
  }
}

/** The part of a window where a register can point. */
function usable(kind: PoolKind, window: Range | undefined): Range | undefined {
  if (window === undefined) return undefined
  const start = window.start < FIRST_AT_ZERO ? FIRST_AT_ZERO : window.start
  const last = kind !== 'memory64' && window.last > LAST_32 ? LAST_32 : window.last
  return start > last ? undefined : { start, last }
}
