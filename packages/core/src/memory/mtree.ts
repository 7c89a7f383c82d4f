import { ADDRESS_SPACE_SIZE, GiB, KiB, MiB, TiB } from '../address/units.ts'
import type { AddressSpace } from './address-space.ts'
import type { FlatRange } from './flat-range.ts'
import type { MemoryRegion } from './memory-region.ts'
import { MemorySystem } from './memory-system.ts'

const UNITS: readonly (readonly [string, bigint])[] = [
  ['EiB', TiB * MiB],
  ['PiB', TiB * KiB],
  ['TiB', TiB],
  ['GiB', GiB],
  ['MiB', MiB],
  ['KiB', KiB],
]

/**
 * Writes the tree below `root`, or of every address space of a system, a region a line: first and last address, size, kind,
 * name, and what is special about it. Children stand below their container by ascending address, then descending priority;
 * targets of aliases that are in no tree of their own follow at the end, once (PI-3, PI-4).
 */
export function formatTree(root: MemorySystem | MemoryRegion): string {
  const roots = new Map<MemoryRegion, string>()
  if (root instanceof MemorySystem) {
    for (const space of root.spaces) {
      const names = roots.get(space.root)
      roots.set(space.root, names === undefined ? `address space ${space.name}` : `${names}, ${space.name}`)
    }
  } else {
    roots.set(root, `region ${root.name}`)
  }
  const lines: string[] = []
  // Targets that are met while printing are appended to the map, and so are printed after what names them.
  for (const [region, title] of roots) {
    if (lines.length > 0) lines.push('')
    lines.push(title)
    printRegion(region, 0n, 1, lines, (target) => {
      const top = topOf(target)
      if (!roots.has(top)) roots.set(top, `region ${top.name}`)
    })
  }
  return `${lines.join('\n')}\n`
}

/** Writes what is seen in an address space, a range a line; a range that shows a region from the middle says from where. */
export function formatFlatView(space: AddressSpace): string {
  const { ranges } = space.flatView
  const lines = ranges.map(
    (range) => `  ${place(range.start, range.size)}  ${kindOf(range)}  ${range.region.name}${from(range)}`,
  )
  return `${[`flat view of ${space.name}`, ...(lines.length > 0 ? lines : ['  nothing'])].join('\n')}\n`
}

function printRegion(
  region: MemoryRegion,
  base: bigint,
  depth: number,
  lines: string[],
  onTarget: (target: MemoryRegion) => void,
): void {
  const start = base + region.address
  lines.push(`${'  '.repeat(depth)}${place(start, region.size)}  ${describe(region)}`)
  if (region.target !== undefined) onTarget(region.target)
  // Those at one address stay in the order of their container's list, by descending priority.
  const children = region.children.toSorted((a, b) => compare(a.address, b.address))
  for (const child of children) printRegion(child, start, depth + 1, lines, onTarget)
}

function describe(region: MemoryRegion): string {
  const marks = [`${region.kind.padEnd(9)} ${region.name}`]
  const { target } = region
  if (target !== undefined) {
    const first = region.targetOffset
    marks.push(`-> ${target.name} [${digits(first)}-${digits(first + region.size - 1n)}]`)
  }
  if (region.priority !== 0) marks.push(`priority ${region.priority}`)
  if (region.readonly && region.kind !== 'rom') marks.push('read-only')
  if (!region.enabled) marks.push('disabled')
  return marks.join('  ')
}

function kindOf(range: FlatRange): string {
  const kind = range.readonly && range.ram !== undefined ? 'rom' : range.region.kind
  return kind.padEnd(9)
}

function from(range: FlatRange): string {
  return range.offset === 0n ? '' : ` @${digits(range.offset)}`
}

function place(start: bigint, size: bigint): string {
  return `${digits(start)}-${digits(start + size - 1n)}  ${formatSize(size).padStart(10)}`
}

/** 16 hexadecimal digits; a region that reaches past the space, or begins before it, has a sign or more. */
function digits(address: bigint): string {
  return address < 0n ? `-${(-address).toString(16).padStart(15, '0')}` : address.toString(16).padStart(16, '0')
}

/** A size in the largest unit that divides it. */
function formatSize(size: bigint): string {
  if (size === ADDRESS_SPACE_SIZE) return '16 EiB'
  const unit = UNITS.find(([, bytes]) => size % bytes === 0n)
  return unit === undefined ? `${size} B` : `${size / unit[1]} ${unit[0]}`
}

function topOf(region: MemoryRegion): MemoryRegion {
  return region.container === undefined ? region : topOf(region.container)
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
