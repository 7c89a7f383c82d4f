import type { MemoryRegion } from '../memory-region.ts'
import { MemorySystem } from '../memory-system.ts'
import { digitsOf } from './digits.ts'
import { formatSize } from './human-size.ts'
import { inWrittenOrder, treesOf, treesWithTargets } from './map-trees.ts'
import { marksOf } from './marks.ts'

/**
 * Writes the tree below `root`, or of every address space of a system, a region a line: first and last address, size, kind,
 * name, and what is special about it. Children stand below their container by ascending address, then descending priority;
 * targets of aliases that are in no tree of their own follow at the end, once (PI-4).
 */
export function formatTree(root: MemorySystem | MemoryRegion): string {
  const trees = root instanceof MemorySystem ? treesOf(root.spaces) : [{ root, spaces: [] }]
  const blocks = treesWithTargets(trees).map((tree) => {
    const names = tree.spaces.map(({ name }) => name).join(', ')
    const title = names === '' ? `region ${tree.root.name}` : `address space ${names}`
    return [title, ...treeLines(tree.root, 0n, 1)].join('\n')
  })
  return `${blocks.join('\n\n')}\n`
}

function* treeLines(region: MemoryRegion, base: bigint, depth: number): Generator<string, void, undefined> {
  const start = base + region.address
  const place = `${digitsOf(start, region.size)}  ${formatSize(region.size).padStart(10)}`
  const words = [`${region.kind.padEnd(9)} ${region.name}`, ...marksOf(region)]
  yield `${'  '.repeat(depth)}${place}  ${words.join('  ')}`
  for (const child of inWrittenOrder(region)) yield* treeLines(child, start, depth + 1)
}
