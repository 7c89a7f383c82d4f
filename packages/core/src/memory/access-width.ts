import type { AccessSizes } from './mmio-ops.ts'

/** The longest single access that a target takes in one piece of a transfer, where it does not say (RW-2). */
const DEFAULT_MAX = 4

/** {@link AccessSizes} with every default filled in; `max` 0 means that all sizes are valid (VA-1). */
export interface AccessWidth {
  readonly min: number
  readonly max: number
  readonly unaligned: boolean
}

/** Where nothing is said. */
const DEFAULT_WIDTH: AccessWidth = { min: 0, max: 0, unaligned: false }

export function widthOf(sizes: AccessSizes | undefined): AccessWidth {
  if (sizes === undefined) return DEFAULT_WIDTH
  return { min: sizes.min ?? 0, max: sizes.max ?? 0, unaligned: sizes.unaligned ?? false }
}

/**
 * How many of `length` bytes the next single access of a transfer takes: a power of two, at most the largest valid size and,
 * unless the target splits unaligned accesses itself, at most the alignment of the address (RW-2).
 *
 * `low` is the address, of which the lowest bits count: relative to the region in a transfer, in the address space for
 * the question whether it would be valid (RW-8).
 */
export function pieceOf(low: number, length: number, validMax: number, implUnaligned: boolean): number {
  let most = validMax === 0 ? DEFAULT_MAX : validMax
  if (!implUnaligned) {
    const alignment = low & -low & 7
    if (alignment !== 0 && alignment < most) most = alignment
  }
  if (length < most) most = length
  return most >= 8 ? 8 : most >= 4 ? 4 : most >= 2 ? 2 : 1
}
