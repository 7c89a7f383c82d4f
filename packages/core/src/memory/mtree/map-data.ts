import { hex } from '../../address/range.ts'
import type { FlatRange } from '../flat-range.ts'
import type { MemoryRegion, RegionKind } from '../memory-region.ts'
import type { MemorySystem } from '../memory-system.ts'
import { RomDeviceRegion } from '../rom-device-region.ts'
import { viewRoot } from '../view-root.ts'
import { inWrittenOrder, treesOf, treesWithTargets, viewsOf } from './map-trees.ts'

/** A region of a tree as plain data; addresses and sizes are hex strings. */
export interface RegionData {
  readonly name: string
  readonly kind: RegionKind
  /** First and last address as far as the containers above place them. */
  readonly first: string
  readonly last: string
  readonly size: string
  readonly priority: number
  readonly enabled: boolean
  readonly readonly: boolean
  readonly nonvolatile: boolean
  readonly unmergeable: boolean
  /** Of a ROM device. */
  readonly romMode?: boolean
  /** Whose it is. */
  readonly owner?: string
  /** Of an alias: what it shows, from where to where. */
  readonly target?: { readonly name: string; readonly first: string; readonly last: string }
  /** In the order in which they are written (PI-4). */
  readonly children: readonly RegionData[]
}

/** A range of a flat view as plain data. */
export interface RangeData {
  readonly first: string
  readonly last: string
  readonly size: string
  readonly kind: RegionKind
  readonly region: string
  /** Where in the region the range begins. */
  readonly offset: string
  readonly readonly: boolean
  readonly nonvolatile: boolean
  readonly unmergeable: boolean
  readonly romMode: boolean
}

/** All of a system's memory map as data that JSON takes. */
export interface MapData {
  /** A tree that no space shows has no spaces: aliases show parts of it. */
  readonly trees: readonly { readonly spaces: readonly string[]; readonly root: RegionData }[]
  /** Each distinct view once; without a root it is the empty one. */
  readonly views: readonly {
    readonly spaces: readonly string[]
    readonly root: string | null
    readonly ranges: readonly RangeData[]
  }[]
}

/** Describes trees and flat views as plain data, in the order in which they are written as text. */
export function describeMap(system: MemorySystem): MapData {
  const trees = treesWithTargets(treesOf(system.spaces)).map(({ root, spaces }) => {
    return { spaces: spaces.map(({ name }) => name), root: describeRegion(root, 0n) }
  })
  const views = [...viewsOf(system.spaces)].map(([view, spaces]) => {
    const root = spaces[0] === undefined ? undefined : viewRoot(spaces[0].root)
    return {
      spaces: spaces.map(({ name }) => name),
      root: root?.name ?? null,
      ranges: Array.from(view.ranges, describeRange),
    }
  })
  return { trees, views }
}

function describeRegion(region: MemoryRegion, base: bigint): RegionData {
  const first = base + region.address
  const { name, kind, size, priority, enabled, readonly, nonvolatile, unmergeable, target, targetOffset } = region
  const shown = target && { name: target.name, first: hex(targetOffset), last: hex(targetOffset + size - 1n) }
  return {
    name,
    kind,
    first: hex(first),
    last: hex(first + size - 1n),
    size: hex(size),
    priority,
    enabled,
    readonly,
    nonvolatile,
    unmergeable,
    ...(region instanceof RomDeviceRegion && { romMode: region.romMode }),
    ...(region.owner && { owner: region.owner.name }),
    ...(shown && { target: shown }),
    children: inWrittenOrder(region).map((child) => describeRegion(child, first)),
  }
}

function describeRange(range: FlatRange): RangeData {
  const { start, last, size, region, offset, readonly, nonvolatile, unmergeable, romMode } = range
  return {
    first: hex(start),
    last: hex(last),
    size: hex(size),
    kind: region.kind,
    region: region.name,
    offset: hex(offset),
    readonly,
    nonvolatile,
    unmergeable,
    romMode,
  }
}
