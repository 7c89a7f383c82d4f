/**
 * How a worker reaches a radix table; structured-cloneable, shares the memory. In the buffer lie nodes of {@link NODE_WORDS}
 * 32-bit little-endian words, node 0 is the header, node 1 the root.
 *
 * A node is 512 slots of two words, then 16 words of occupancy (bit s of them: slot s is not empty), then its own header.
 * A slot's low word is 0 where it is empty; a leaf has permission bits in bits 1..0, log2 of its entry's pages in bits
 * 7..2 and the low 20 bits of the target frame in bits 31..12; a table has {@link TABLE}. The high word is the rest of the
 * target frame, or the number of the node below. Words are read as signed: arithmetic on unsigned ones is slow.
 *
 * A leaf may stand at every level: a slot of level L covers 2^(9L) pages. An entry whose size lies between two levels fills
 * its slots one by one, each with its own part of the target; none of them says where the entry begins, its alignment does.
 */
export interface RadixSource {
  readonly kind: 'radix'
  readonly buffer: SharedArrayBuffer
}

export const LEVEL_BITS = 9
export const SLOTS = 512

/** The root's level; its 128 lower slots cover 2^52 pages. */
export const ROOT_LEVEL = 5

/** Pages that a slot of each level covers. */
export const SLOT_FRAMES: readonly number[] = [1, 2 ** 9, 2 ** 18, 2 ** 27, 2 ** 36, 2 ** 45]

/** Slots of each level in a page, a fraction: products are faster than quotients. */
export const FRAME_SLOTS: readonly number[] = [1, 2 ** -9, 2 ** -18, 2 ** -27, 2 ** -36, 2 ** -45]

/** What the two words of a leaf grow by from one slot to the next of the same run, at each level. */
export const STEP_LOW: readonly number[] = [2 ** 12, 2 ** 21, 2 ** 30, 0, 0, 0]
export const STEP_HIGH: readonly number[] = [0, 0, 0, 2 ** 7, 2 ** 16, 2 ** 25]

/** After how many slots the low word wraps, at the levels where it grows. */
export const LOW_WRAP_SLOTS: readonly number[] = [2 ** 20, 2 ** 11, 4]

export const BITMAP: number = 2 * SLOTS
const BITMAP_WORDS: number = SLOTS / 32

/** Slots of the node that are not empty. */
export const LIVE: number = BITMAP + BITMAP_WORDS
/** Bit w: bitmap word w is not 0, so that an almost empty node is passed without a look at all of its bitmap. */
export const SUMMARY: number = LIVE + 1
/** The next free node, of a free one. */
export const NEXT_FREE: number = LIVE + 2

/** A multiple of a cache line of 64 bytes. */
export const NODE_WORDS: number = BITMAP + BITMAP_WORDS + 16
export const NODE_BYTES: number = NODE_WORDS * 4

export const ROOT_NODE = 1

/** Words of the header: nodes ever used, the first free node, how many are free, and how many entries live (a float64). */
export const USED = 0
export const FREE = 1
export const FREE_COUNT = 2
export const ENTRIES_FLOAT64 = 2
/** Marks the buffer, so that a worker that is given something else says so. */
export const MAGIC = 6
export const MAGIC_VALUE = 0x52_41_44_58

export const PERMISSION_MASK = 3
export const TABLE = 0x100
/** Bits of the target frame in the low word, as a factor. */
export const LOW_FRAMES: number = 2 ** 20

/** Where a frame is cut into two integers of 32 bits: `upper` picks the slots of levels 5 to 3, `lower` those of 2 to 0. */
const CUT = 2 ** 27

export function upperOf(frame: number): number {
  return (frame / CUT) | 0
}

export function lowerOf(frame: number, upper: number): number {
  return (frame - upper * CUT) | 0
}

/** The slot in the node of `level` that a cut frame lies in. */
export function slotIn(upper: number, lower: number, level: number): number {
  return (level >= 3 ? upper >>> ((level - 3) * LEVEL_BITS) : lower >>> (level * LEVEL_BITS)) & (SLOTS - 1)
}

/** The slot of `frame` in its node of `level`. */
export function slotOf(frame: number, level: number): number {
  const upper = upperOf(frame)
  return slotIn(upper, lowerOf(frame, upper), level)
}

/** The first page of the slot of `level` around `frame`. */
export function slotStart(frame: number, level: number): number {
  return Math.floor(frame * (FRAME_SLOTS[level] as number)) * (SLOT_FRAMES[level] as number)
}

/** The highest level whose slots are not larger than an entry of `2^shift` bytes. */
export function levelOf(shift: number): number {
  return Math.min(((shift - 12) / LEVEL_BITS) | 0, ROOT_LEVEL)
}

/** The words of a leaf without its target. */
export function leafFlags(permission: number, shift: number): number {
  return permission | ((shift - 12) << 2)
}

/** log2 of the size in bytes of the entry that a leaf belongs to. */
export function shiftOf(low: number): number {
  return ((low >>> 2) & 63) + 12
}

/** The page frame that the first page of a leaf's slot maps to. */
export function targetOf(low: number, high: number): number {
  return (high >>> 0) * LOW_FRAMES + (low >>> 12)
}
