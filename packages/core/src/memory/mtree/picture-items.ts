import type { Range } from '../../address/range.ts'
import { LAST_ADDRESS } from '../../address/units.ts'
import type { AddressSpace } from '../address-space.ts'
import type { MemoryRegion } from '../memory-region.ts'
import { digitsOf } from './digits.ts'
import { formatSize } from './human-size.ts'
import { inWrittenOrder } from './map-trees.ts'
import { kindOf, marksOf, marksOfRange } from './marks.ts'

/** Something with a place that a picture shows as a box. */
export interface PictureItem extends Range {
  /** 0 for what is seen; a region of the tree has 1 for the root, and one more than its container. */
  readonly depth: number
  /** Names the colour: a region's kind. */
  readonly kind: string
  readonly name: string
  /** All there is to say, for whoever points at the box. */
  readonly detail: string
  readonly disabled: boolean
}

/** What a picture of a space shows: the flat view, and beside it the tree, whose overlaps are what the view decides. */
export function itemsOf(space: AddressSpace): PictureItem[] {
  const seen = Array.from(space.flatView.ranges, (range): PictureItem => {
    const kind = kindOf(range)
    const { start, last, size, region } = range
    return {
      start,
      last,
      depth: 0,
      kind,
      name: region.name,
      detail: detailOf(start, size, kind, region.name, marksOfRange(range)),
      disabled: false,
    }
  })
  return [...seen, ...treeItems(space.root, 0n, { start: 0n, last: LAST_ADDRESS }, 1, false)]
}

/** A region and all below it, cut to what is above it (MR-5); below a disabled one everything is hidden (MR-10). */
function* treeItems(
  region: MemoryRegion,
  base: bigint,
  clip: Range,
  depth: number,
  hidden: boolean,
): Generator<PictureItem, void, undefined> {
  const from = base + region.address
  const end = from + region.size - 1n
  const start = from > clip.start ? from : clip.start
  const last = end < clip.last ? end : clip.last
  if (start > last) return
  const disabled = hidden || !region.enabled
  const name = region.target === undefined ? region.name : `${region.name} → ${region.target.name}`
  const detail = detailOf(from, region.size, region.kind, region.name, marksOf(region))
  yield { start, last, depth, kind: region.kind, name, detail, disabled }
  for (const child of inWrittenOrder(region)) yield* treeItems(child, from, { start, last }, depth + 1, disabled)
}

function detailOf(start: bigint, size: bigint, kind: string, name: string, marks: readonly string[]): string {
  return [`${digitsOf(start, size)} (${formatSize(size)})`, kind, name, ...marks].join('  ')
}
