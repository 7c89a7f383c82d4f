import type { FlatRange } from '../flat-range.ts'
import type { MemoryRegion } from '../memory-region.ts'
import { digits, digitsOf } from './digits.ts'

/** What is special about a region, in words; nothing for what goes without saying. */
export function marksOf(region: MemoryRegion): string[] {
  const { target } = region
  const marks: string[] = []
  if (target !== undefined) marks.push(`-> ${target.name} [${digitsOf(region.targetOffset, region.size)}]`)
  if (region.priority !== 0) marks.push(`priority ${region.priority}`)
  if (region.readonly && region.kind !== 'rom') marks.push('read-only')
  if (region.nonvolatile) marks.push('non-volatile')
  if (region.unmergeable) marks.push('unmergeable')
  // Told by its field: errors of regions use this, and the class could not be loaded before them.
  if ('romMode' in region && region.romMode === false) marks.push('not in ROM mode')
  if (region.owner !== undefined) marks.push(`of ${region.owner.name}`)
  if (!region.enabled) marks.push('disabled')
  return marks
}

/** {@link marksOf} for what is seen; a region that is not shown from its beginning says from where. */
export function marksOfRange(range: FlatRange): string[] {
  const marks: string[] = []
  if (range.offset !== 0n) marks.push(`@${digits(range.offset)}`)
  if (range.readonly && kindOf(range) !== 'rom') marks.push('read-only')
  if (range.nonvolatile) marks.push('non-volatile')
  if (range.unmergeable) marks.push('unmergeable')
  if (range.romDevice !== undefined && !range.romMode) marks.push('not in ROM mode')
  return marks
}

/** RAM that is read-only through whatever is above it is shown as ROM. */
export function kindOf(range: FlatRange): string {
  return range.readonly && range.ram !== undefined ? 'rom' : range.region.kind
}
