import type { SharedMemory } from './shared-memory.ts'

/**
 * How a linear table lies in shared memory, for everybody who reads it there: {@link LinearTable}, the walker in TypeScript
 * and the scan kernel in WebAssembly.
 *
 * A table is cut into segments of one power of two of entries. A segment is one shared memory:
 *
 * - from byte 0 the entries, 8 bytes each, little-endian: `target | ignored bits | permission`. The permission is bits 1..0;
 *   the target is what is left of the word above the page size; the bits between are kept and ignored. An entry is mapped
 *   when its permission is not 0.
 * - after them, from byte 8 · entries, one 16-bit count per block of 512 entries: how many of them are mapped.
 *
 * A segment that never held anything but zeros does not exist. Its entries are a multiple of 512, also where the table
 * ends before it.
 */
export interface LinearSegment {
  readonly memory: SharedMemory
  /** Index in the table of the segment's first entry; a multiple of {@link entries}. */
  readonly first: number
  /** Entries that the segment holds. */
  readonly entries: number
}

/** How a worker reaches a linear table; structured-cloneable, shares the memories. */
export interface LinearSource {
  readonly kind: 'linear'
  /** log2 of the size in bytes of a page, 12 to 63. */
  readonly pageShift: number
  /** Entries of the table, mapped or not. */
  readonly entries: number
  /** The segments that exist, ascending. */
  readonly segments: readonly LinearSegment[]
}

export const ENTRY_BYTES = 8

/** log2 of the entries that one occupancy count stands for: their words fill one page of memory. */
export const BLOCK_SHIFT = 9

export const BLOCK_ENTRIES: number = 2 ** BLOCK_SHIFT

/** log2 of the entries of the largest segment: its words fill 1 GiB. */
export const MAX_SEGMENT_SHIFT = 27

/** Bytes of a segment's memory: the entries, and the counts after them. */
export function segmentBytes(entries: number): number {
  return entries * ENTRY_BYTES + (entries / BLOCK_ENTRIES) * 2
}

/** The entries of a segment as pairs of words, the lower one first. */
export function segmentWords(segment: LinearSegment): Int32Array<SharedArrayBuffer> {
  return new Int32Array(segment.memory.buffer, 0, segment.entries * 2)
}

/** The occupancy counts of a segment, one per block. */
export function segmentCounts(segment: LinearSegment): Uint16Array<SharedArrayBuffer> {
  return new Uint16Array(segment.memory.buffer, segment.entries * ENTRY_BYTES, segment.entries / BLOCK_ENTRIES)
}

/** What of an entry's two words is target and permission, and what the next page adds to them. */
export interface EntryFormat {
  readonly lowMask: number
  readonly highMask: number
  readonly lowStep: number
  readonly highStep: number
  /** Page frames of 4 KiB in a page. */
  readonly frames: number
}

/** The format of entries for pages of `2^pageShift` bytes; all words are signed, as the bit operations have them. */
export function entryFormat(pageShift: number): EntryFormat {
  const inLow = pageShift < 32
  return {
    lowMask: inLow ? (-1 << pageShift) | 3 : 3,
    highMask: inLow ? -1 : -1 << (pageShift - 32),
    lowStep: inLow ? 1 << pageShift : 0,
    highStep: inLow ? 0 : 1 << (pageShift - 32),
    frames: 2 ** (pageShift - 12),
  }
}
