import type { FlatRange } from '../flat-range.ts'
import type { MemoryRegion } from '../memory-region.ts'
import type { MemorySystem } from '../memory-system.ts'
import { RomDeviceRegion } from '../rom-device-region.ts'
import { viewRoot } from '../view-root.ts'
import { aliasTargets, inWrittenOrder, treesOf, viewsOf } from './map-trees.ts'

/**
 * Writes the trees of a system as QEMU's monitor command `info mtree` does, to be compared with a real binary's (PI-3, PI-4).
 *
 * Spaces stand in the order in which they were made. Every target of an alias follows once, also where it is in a tree.
 */
export function formatQemuTree(system: MemorySystem): string {
  const blocks: string[] = []
  const targets = new Set<MemoryRegion>()
  for (const { root, spaces } of treesOf(system.spaces)) {
    const titles = spaces.map(({ name }) => `address-space: ${name}`)
    blocks.push([...titles, ...treeLines(root, 0n, 1)].join('\n'))
    for (const target of aliasTargets(root)) targets.add(target)
  }
  // The set grows while it is walked: below a target may be aliases too.
  for (const target of targets) {
    blocks.push([`memory-region: ${target.name}`, ...treeLines(target, 0n, 1)].join('\n'))
    for (const next of aliasTargets(target)) targets.add(next)
  }
  return blocks.map((block) => `${block}\n\n`).join('')
}

/** Writes the flat views of a system as QEMU's `info mtree -f` does (PI-4). */
export function formatQemuFlatViews(system: MemorySystem): string {
  const blocks = [...viewsOf(system.spaces)].map(([view, spaces], number) => {
    const users = spaces.map(({ name, root }) => {
      const alias = root.target === undefined ? '' : `, alias ${root.target.name}`
      return ` AS "${name}", root: ${root.name}${alias}`
    })
    const root = spaces[0] === undefined ? undefined : viewRoot(spaces[0].root)
    const ranges = Array.from(view.ranges, rangeLine)
    const lines = ranges.length > 0 ? ranges : ['  No rendered FlatView']
    return [`FlatView #${number}`, ...users, ` Root memory region: ${root?.name ?? '(none)'}`, ...lines].join('\n')
  })
  return blocks.map((block) => `${block}\n\n`).join('')
}

function* treeLines(region: MemoryRegion, base: bigint, depth: number): Generator<string, void, undefined> {
  const start = base + region.address
  const disabled = region.enabled ? '' : ' [disabled]'
  const { target, targetOffset, size } = region
  const name = target === undefined ? region.name : `alias ${region.name} @${target.name} ${places(targetOffset, size)}`
  const type = typeOf(region, region.nonvolatile)
  yield `${'  '.repeat(depth)}${places(start, size)} (prio ${region.priority}, ${type}): ${name}${disabled}`
  for (const child of inWrittenOrder(region)) yield* treeLines(child, start, depth + 1)
}

function rangeLine({ region, start, size, offset, readonly, nonvolatile }: FlatRange): string {
  const type = readonly ? `${nonvolatile ? 'nv-' : ''}rom` : typeOf(region, nonvolatile)
  const from = offset === 0n ? '' : ` @${place(offset)}`
  return `  ${places(start, size)} (prio ${region.priority}, ${type}): ${region.name}${from}`
}

/** Whatever answers by callbacks is i/o, an IOMMU and a container too; an alias is what it shows. */
function typeOf(region: MemoryRegion, nonvolatile: boolean): string {
  let shown = region
  while (shown.target !== undefined) shown = shown.target
  return `${nonvolatile ? 'nv-' : ''}${plainType(shown)}`
}

function plainType(region: MemoryRegion): string {
  if (region instanceof RomDeviceRegion) return region.romMode ? 'romd' : 'i/o'
  const { kind } = region
  return kind === 'ram' || kind === 'rom' || kind === 'ramd' ? kind : 'i/o'
}

function places(start: bigint, size: bigint): string {
  return `${place(start)}-${place(start + size - 1n)}`
}

/** 64 bits in hexadecimal: what lies outside of the space wraps. */
function place(address: bigint): string {
  return BigInt.asUintN(64, address).toString(16).padStart(16, '0')
}
