import type { AddressSpace } from '../address-space.ts'
import type { FlatRange } from '../flat-range.ts'
import type { FlatView } from '../flat-view.ts'
import type { MemorySystem } from '../memory-system.ts'
import { digitsOf } from './digits.ts'
import { formatSize } from './human-size.ts'
import { viewsOf } from './map-trees.ts'
import { kindOf, marksOfRange } from './marks.ts'

/** Writes what is seen in an address space, a range a line. */
export function formatFlatView(space: AddressSpace): string {
  return formatView(space.flatView, [space])
}

/** Writes every distinct view of a system once, with the spaces that share it (PI-4). */
export function formatFlatViews(system: MemorySystem): string {
  return [...viewsOf(system.spaces)].map(([view, spaces]) => formatView(view, spaces)).join('\n')
}

function formatView(view: FlatView, spaces: readonly AddressSpace[]): string {
  const title = `flat view of ${spaces.map(({ name }) => name).join(', ')}`
  const lines = Array.from(view.ranges, rangeLine)
  return `${[title, ...(lines.length > 0 ? lines : ['  nothing'])].join('\n')}\n`
}

function rangeLine(range: FlatRange): string {
  const place = `${digitsOf(range.start, range.size)}  ${formatSize(range.size).padStart(10)}`
  return `  ${place}  ${kindOf(range).padEnd(9)}  ${[range.region.name, ...marksOfRange(range)].join(' ')}`
}
