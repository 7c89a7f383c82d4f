import { HostbridgeError } from '../errors.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import { EntryWords, NO_WORDS } from '../memory/entry-words.ts'
import { Permission, type Translation } from '../memory/translator.ts'
import {
  BLOCK_ENTRIES,
  BLOCK_SHIFT,
  type EntryFormat,
  entryFormat,
  type LinearSegment,
  type LinearSource,
  MAX_SEGMENT_SHIFT,
  segmentBytes,
  segmentCounts,
  segmentWords,
} from './linear-layout.ts'
import { LinearWalker } from './linear-walker.ts'
import type { RunCursor } from './run.ts'
import { makeSharedMemory } from './shared-memory.ts'

export interface LinearTableOptions {
  /** Entries of the table, 1 to 2^40; the window that they map must fit in 2^64 bytes. */
  readonly entries: number
  /** log2 of the size in bytes of a page, 12 to 63. */
  readonly pageShift: number
  /** log2 of the entries of a segment, 9 to 27; the smallest that holds the table unless told, at most 27. */
  readonly segmentShift?: number
}

interface Segment extends LinearSegment {
  readonly words: Int32Array
  readonly counts: Uint16Array
}

/**
 * A flat table of 64-bit entries in shared memory, one a page of a window, as guests of pseries machines fill them.
 *
 * Memory is made when the first entry of a segment becomes other than zero, and committed page by page as it is touched.
 * How it lies there: `linear-layout.ts`. One thread writes; others read through {@link source}.
 */
export class LinearTable {
  readonly entries: number
  readonly pageShift: number
  readonly #format: EntryFormat
  readonly #segmentEntries: number
  readonly #indexMask: number
  readonly #segmentsPerEntry: number
  readonly #entriesPerFrame: number
  readonly #segments: (Segment | undefined)[] = []
  #mapped = 0
  /** The words of the first segment, and how many of its entries are pages of 4 KiB; 0 where it does not exist. */
  #firstWords: Int32Array = new Int32Array(0)
  #firstPages = 0
  readonly #shown: EntryWords[] = []

  /** @throws HostbridgeError `iommu.linear-table` for sizes that no table has. */
  constructor(options: LinearTableOptions) {
    const { entries, pageShift } = options
    const wanted = Math.max(BLOCK_SHIFT, Math.ceil(Math.log2(entries)))
    const segmentShift = options.segmentShift ?? Math.min(wanted, MAX_SEGMENT_SHIFT)
    checkSizes(entries, pageShift, segmentShift)
    this.entries = entries
    this.pageShift = pageShift
    this.#format = entryFormat(pageShift)
    this.#segmentEntries = 2 ** segmentShift
    this.#indexMask = this.#segmentEntries - 1
    this.#segmentsPerEntry = 1 / this.#segmentEntries
    this.#entriesPerFrame = 1 / this.#format.frames
  }

  /** How many entries permit something. */
  get mapped(): number {
    return this.#mapped
  }

  /** The upper 32 bits of an entry; 0 outside the table. */
  high(index: number): number {
    const at = index & this.#indexMask
    return (this.#segmentOf(index)?.words[2 * at + 1] ?? 0) >>> 0
  }

  /** The lower 32 bits of an entry, the permission among them; 0 outside the table. */
  low(index: number): number {
    const at = index & this.#indexMask
    return (this.#segmentOf(index)?.words[2 * at] ?? 0) >>> 0
  }

  /** The whole entry, as it was set; 0 outside the table. */
  get(index: number): bigint {
    return (BigInt(this.high(index)) << 32n) | BigInt(this.low(index))
  }

  /** Sets an entry to its two 32-bit halves. @throws HostbridgeError `iommu.linear-index`. */
  set(index: number, high: number, low: number): void {
    if (!(index >= 0 && index < this.entries)) throw badIndex(index, 1, this.entries)
    const segment = this.#segmentOf(index) ?? ((high | low) === 0 ? undefined : this.#makeSegment(index))
    if (segment === undefined) return
    const at = index & this.#indexMask
    const { words, counts } = segment
    const change = ((low & 3) === 0 ? 0 : 1) - (((words[2 * at] as number) & 3) === 0 ? 0 : 1)
    words[2 * at] = low
    words[2 * at + 1] = high
    if (change === 0) return
    counts[at >>> BLOCK_SHIFT] = (counts[at >>> BLOCK_SHIFT] as number) + change
    this.#mapped += change
  }

  /** Sets an entry to `word`, of which 64 bits count. @throws HostbridgeError `iommu.linear-index`. */
  put(index: number, word: bigint): void {
    this.set(index, Number((word >> 32n) & 0xffff_ffffn), Number(word & 0xffff_ffffn))
  }

  /** Sets `count` entries from `first` on to the same two halves. @throws HostbridgeError `iommu.linear-index`. */
  fill(first: number, count: number, high: number, low: number): void {
    if (!(first >= 0 && count >= 0 && first + count <= this.entries)) throw badIndex(first, count, this.entries)
    const end = first + count
    for (let at = first; at < end; ) {
      const segment = this.#segmentOf(at) ?? ((high | low) === 0 ? undefined : this.#makeSegment(at))
      const begin = at & this.#indexMask
      const length = segment === undefined ? this.#segmentEntries - begin : BLOCK_ENTRIES - (begin % BLOCK_ENTRIES)
      const stop = Math.min(begin + length, begin + end - at)
      if (segment !== undefined) this.#fillInBlock(segment, begin, stop, high | 0, low | 0)
      at += stop - begin
    }
  }

  /** Makes every entry zero and gives the memory back. */
  clear(): void {
    this.#segments.length = 0
    this.#firstPages = 0
    this.#mapped = 0
    for (const shown of this.#shown) shown.words = NO_WORDS
  }

  /** Shows the entries of the first segment to accesses, from now until {@link hide}; not those of pages over 2 GiB. */
  show(target: AddressSpace): EntryWords | undefined {
    if (!EntryWords.canShow(this.pageShift)) return undefined
    const shown = new EntryWords(target, this.pageShift)
    shown.words = this.#segments[0]?.words ?? NO_WORDS
    this.#shown.push(shown)
    return shown
  }

  hide(shown: EntryWords): void {
    shown.words = NO_WORDS
    this.#shown.splice(this.#shown.indexOf(shown), 1)
  }

  /**
   * Fills permission, frame and shift of `out` for one page frame; `target` is the owner's to fill.
   *
   * Beyond the table nothing is mapped, in one piece: shift 64 (TC-4).
   */
  translate(frame: number, out: Translation): void {
    if (frame < this.#firstPages) {
      // Pages of 4 KiB in the first segment: integers all the way, since every access of a device comes by here.
      const words = this.#firstWords
      const low = words[2 * frame] as number
      const permission = low & 3
      const high = words[2 * frame + 1] as number
      out.permission = permission
      out.shift = 12
      out.frame = permission === 0 ? 0 : high === 0 ? low >>> 12 : (high >>> 0) * 2 ** 20 + (low >>> 12)
      return
    }
    const { frames, lowMask, highMask } = this.#format
    const index = Math.floor(frame * this.#entriesPerFrame)
    const segment = this.#segmentOf(index)
    const at = 2 * (index & this.#indexMask)
    const low = segment === undefined ? 0 : (segment.words[at] as number)
    const permission = low & 3
    out.permission = permission
    out.shift = index < this.entries ? this.pageShift : 64
    if (segment === undefined || permission === Permission.none) {
      out.frame = 0
      return
    }
    const high = (segment.words[at + 1] as number) & highMask
    out.frame = (high >>> 0) * 2 ** 20 + ((low & lowMask) >>> 12) + (frame - index * frames)
  }

  /** Walks what is mapped from `firstFrame` to `lastFrame`, both inside; the first entry maps frame 0. */
  runs(firstFrame: number, lastFrame: number): RunCursor {
    return new LinearWalker(this.source(), firstFrame, lastFrame)
  }

  source(): LinearSource {
    const segments: LinearSegment[] = []
    for (const segment of this.#segments) {
      if (segment !== undefined) {
        segments.push({ memory: segment.memory, first: segment.first, entries: segment.entries })
      }
    }
    return { kind: 'linear', pageShift: this.pageShift, entries: this.entries, segments }
  }

  /** Writes only what differs: pages that were never touched stay uncommitted. */
  #fillInBlock(segment: Segment, first: number, end: number, high: number, low: number): void {
    const { words, counts } = segment
    const mapped = (low & 3) === 0 ? 0 : 1
    let change = 0
    for (let at = first; at < end; at++) {
      const old = words[2 * at] as number
      if (old === low && words[2 * at + 1] === high) continue
      change += mapped - ((old & 3) === 0 ? 0 : 1)
      words[2 * at] = low
      words[2 * at + 1] = high
    }
    counts[first >>> BLOCK_SHIFT] = (counts[first >>> BLOCK_SHIFT] as number) + change
    this.#mapped += change
  }

  #segmentOf(index: number): Segment | undefined {
    return this.#segments[Math.floor(index * this.#segmentsPerEntry)]
  }

  #makeSegment(index: number): Segment {
    const number = Math.floor(index * this.#segmentsPerEntry)
    const plain = {
      memory: makeSharedMemory(segmentBytes(this.#segmentEntries)),
      first: number * this.#segmentEntries,
      entries: this.#segmentEntries,
    }
    const segment = { ...plain, words: segmentWords(plain), counts: segmentCounts(plain) }
    this.#segments[number] = segment
    if (number === 0) for (const shown of this.#shown) shown.words = segment.words
    if (number === 0 && this.pageShift === 12) {
      this.#firstWords = segment.words
      this.#firstPages = Math.min(this.entries, this.#segmentEntries)
    }
    return segment
  }
}

function checkSizes(entries: number, pageShift: number, segmentShift: number): void {
  const whole = Number.isInteger(entries) && Number.isInteger(pageShift) && Number.isInteger(segmentShift)
  const fits = entries >= 1 && entries <= 2 ** 40 && pageShift >= 12 && pageShift <= 63
  const inSpace = entries * 2 ** (pageShift - 12) <= 2 ** 52
  if (whole && fits && inSpace && segmentShift >= BLOCK_SHIFT && segmentShift <= MAX_SEGMENT_SHIFT) return
  throw new HostbridgeError(
    'iommu.linear-table',
    `no table has ${entries} entries of 2^${pageShift} bytes in segments of 2^${segmentShift} entries: ` +
      'give 1 to 2^40 entries of 2^12 to 2^63 bytes that map at most 2^64 bytes, and segments of 2^9 to 2^27 entries',
    { entries, pageShift, segmentShift },
  )
}

function badIndex(first: number, count: number, entries: number): HostbridgeError {
  return new HostbridgeError(
    'iommu.linear-index',
    `entries ${first} to ${first + count - 1} are not all in a table of ${entries}: check the index against the table`,
    { first, count, entries },
  )
}
