import type { FrameRange } from '../address/page-frame.ts'
import { hex } from '../address/range.ts'
import { type RangeEntry, RangeMap } from '../address/range-map.ts'
import { HostbridgeError } from '../errors.ts'

/** Bits of a chunk: 4 KiB of bits, which are 128 MiB of pages. */
const CHUNK_BITS = 2 ** 15

const CHUNK_BYTES = CHUNK_BITS / 8

/** Stands for any number of chunks of which every bit is set; where there is no chunk no bit is set. */
const FULL: Uint32Array = new Uint32Array(0)

/** Chunks that are found without a search: those of 8 GiB of pages. */
const REMEMBERED = 64

/** What another thread needs to read the bits that are set now; structured-cloneable, shares the chunks. */
export interface SparseBitmapHandle {
  readonly kind: 'sparse-bitmap'
  /** Bits of the bitmap, up to 2^52. */
  readonly length: number
  /** Chunks by number, ascending: `words` of one, or nothing where all bits of `first` to `last` are set. */
  readonly chunks: readonly { readonly first: number; readonly last: number; readonly words?: Uint32Array }[]
}

/**
 * Up to 2^52 bits that cost what is mixed: stretches in which all bits are the same are one entry of an ordered map, the
 * rest are chunks of 2^15 bits in SharedArrayBuffers.
 */
export class SparseBitmap {
  /** Bits, at least 1. */
  readonly length: number
  readonly #chunks = new RangeMap<Uint32Array>()
  readonly #tags: Float64Array = new Float64Array(REMEMBERED).fill(-1)
  readonly #found: Uint32Array[] = new Array<Uint32Array>(REMEMBERED).fill(FULL)
  #ownBytes = 0

  /** Makes `length` bits that are all set, or all clear. */
  constructor(length: number, set = false) {
    this.length = length
    if (set) this.setRange(0, length - 1)
  }

  /** The bits behind a handle. Chunks are the same memory; one that is mixed only later is not seen. */
  static attach(handle: SparseBitmapHandle): SparseBitmap {
    const bitmap = new SparseBitmap(handle.length)
    for (const { first, last, words } of handle.chunks) bitmap.#put(first, last, words ?? FULL)
    return bitmap
  }

  share(): SparseBitmapHandle {
    const chunks = Array.from(this.#chunks, ({ start, last, value }) => {
      const place = { first: Number(start), last: Number(last) }
      return value === FULL ? place : { ...place, words: value }
    })
    return { kind: 'sparse-bitmap', length: this.length, chunks }
  }

  /** Bytes of chunks in which bits differ. */
  get committedBytes(): number {
    return this.#ownBytes
  }

  /** Sets one bit, which must be inside; not checked. O(1) in chunks met lately, else O(log n). */
  set(bit: number): void {
    const chunk = Math.floor(bit / CHUNK_BITS)
    const slot = chunk & (REMEMBERED - 1)
    const words = this.#tags[slot] === chunk ? (this.#found[slot] as Uint32Array) : this.#makeMixed(chunk, FULL)
    if (words === FULL) return
    const inChunk = bit - chunk * CHUNK_BITS
    words[inChunk >>> 5] = (words[inChunk >>> 5] as number) | (1 << (inChunk & 31))
  }

  has(bit: number): boolean {
    const chunk = Math.floor(bit / CHUNK_BITS)
    const words = this.#chunks.get(BigInt(chunk))
    if (words === undefined || words === FULL) return words === FULL
    return nextIs(words, bit - chunk * CHUNK_BITS, true) === bit - chunk * CHUNK_BITS
  }

  /** @throws HostbridgeError `memory.bitmap-range`. */
  setRange(first: number, last: number): void {
    this.#check(first, last)
    this.#write(first, last, true)
  }

  /** @throws HostbridgeError `memory.bitmap-range`. */
  clearRange(first: number, last: number): void {
    this.#check(first, last)
    this.#write(first, last, false)
  }

  /** Whether a bit from `first` to `last` is set. */
  any(first: number, last: number): boolean {
    return this.runs(first, last).next().done !== true
  }

  /** Whether all bits from `first` to `last` are set. */
  all(first: number, last: number): boolean {
    const { value: run } = this.runs(first, last).next()
    return run !== undefined && run.first === first && run.last === last
  }

  /** The set bits from `first` to `last` as maximal runs, ascending. The bitmap must stay as it is meanwhile. */
  *runs(first: number, last: number): Generator<FrameRange, void, undefined> {
    let begin = first
    let end = first - 1
    for (const { start, last: lastChunk, value } of this.#between(first, last)) {
      const base = Number(start) * CHUNK_BITS
      const low = Math.max(base, first) - base
      const high = Math.min((Number(lastChunk) + 1) * CHUNK_BITS - 1, last) - base
      let bit = value === FULL ? low : nextIs(value, low, true)
      while (bit <= high) {
        const stop = value === FULL ? high + 1 : Math.min(nextIs(value, bit, false), high + 1)
        if (base + bit !== end + 1) {
          if (begin <= end) yield { first: begin, last: end }
          begin = base + bit
        }
        end = base + stop - 1
        bit = value === FULL ? stop : nextIs(value, stop, true)
      }
    }
    if (begin <= end) yield { first: begin, last: end }
  }

  /** The clear bits from `first` to `last` as maximal runs, ascending. The bitmap must stay as it is meanwhile. */
  *clearRuns(first: number, last: number): Generator<FrameRange, void, undefined> {
    let begin = first
    for (const run of this.runs(first, last)) {
      if (run.first > begin) yield { first: begin, last: run.first - 1 }
      begin = run.last + 1
    }
    if (begin <= last) yield { first: begin, last }
  }

  /** How many bits from `first` to `last` are set. */
  count(first: number, last: number): number {
    let bits = 0
    for (const run of this.runs(first, last)) bits += run.last - run.first + 1
    return bits
  }

  /** A bitmap of the same length that has a copy of the chunks around `first` to `last`, and is clear everywhere else. */
  copy(first: number, last: number): SparseBitmap {
    const copied = new SparseBitmap(this.length)
    for (const { start, last: lastChunk, value } of this.#between(first, last)) {
      const words = value === FULL ? FULL : newChunk()
      words.set(value)
      copied.#put(Number(start), Number(lastChunk), words)
    }
    if (first > 0) copied.#write(0, first - 1, false)
    if (last < this.length - 1) copied.#write(last + 1, this.length - 1, false)
    return copied
  }

  #between(first: number, last: number): Generator<RangeEntry<Uint32Array>, void, undefined> {
    const range = { start: BigInt(Math.floor(first / CHUNK_BITS)), last: BigInt(Math.floor(last / CHUNK_BITS)) }
    return this.#chunks.overlapping(range)
  }

  #check(first: number, last: number): void {
    if (Number.isSafeInteger(first) && Number.isSafeInteger(last) && 0 <= first && last < this.length) return
    throw new HostbridgeError(
      'memory.bitmap-range',
      `bits ${hex(first)} to ${hex(last)} are not in a bitmap of ${hex(this.length)} bits: cut the range`,
      { first, last, length: this.length },
    )
  }

  #write(first: number, last: number, set: boolean): void {
    // What follows the last bit is never looked at.
    const end = last === this.length - 1 ? Math.ceil(this.length / CHUNK_BITS) * CHUNK_BITS : last + 1
    const wholeFirst = Math.ceil(first / CHUNK_BITS)
    const wholeEnd = Math.floor(end / CHUNK_BITS)
    if (wholeFirst < wholeEnd) this.#put(wholeFirst, wholeEnd - 1, set ? FULL : undefined)
    const headEnd = Math.min(wholeFirst * CHUNK_BITS, end)
    if (first < headEnd) this.#writePart(first, headEnd, set)
    if (headEnd < end && wholeEnd * CHUNK_BITS < end) this.#writePart(Math.max(wholeEnd * CHUNK_BITS, first), end, set)
  }

  /** Changes bits that lie in one chunk. */
  #writePart(first: number, end: number, set: boolean): void {
    const chunk = Math.floor(first / CHUNK_BITS)
    if (this.#chunks.get(BigInt(chunk)) === (set ? FULL : undefined)) return
    const words = this.#makeMixed(chunk, undefined)
    const base = chunk * CHUNK_BITS
    fillBits(words, first - base, end - base, set)
  }

  /** The words of a chunk, which they are made for unless it is uniformly `keep`. */
  #makeMixed(chunk: number, keep: Uint32Array | undefined): Uint32Array {
    const existing = this.#chunks.get(BigInt(chunk))
    let words = existing
    if (words === undefined || (words === FULL && keep !== FULL)) {
      words = newChunk()
      if (existing === FULL) words.fill(0xffff_ffff)
      this.#put(chunk, chunk, words)
    }
    const slot = chunk & (REMEMBERED - 1)
    this.#tags[slot] = chunk
    this.#found[slot] = words
    return words
  }

  #put(first: number, last: number, words: Uint32Array | undefined): void {
    const range = { start: BigInt(first), last: BigInt(last) }
    for (const { value } of this.#chunks.overlapping(range)) if (value !== FULL) this.#ownBytes -= CHUNK_BYTES
    this.#tags.fill(-1)
    if (words === undefined) this.#chunks.remove(range)
    else this.#chunks.insert(range, words)
    if (words !== undefined && words !== FULL) this.#ownBytes += CHUNK_BYTES
  }
}

function newChunk(): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(CHUNK_BYTES))
}

/** The first bit from `bit` on that is set, or clear; {@link CHUNK_BITS} where there is none. */
function nextIs(words: Uint32Array, bit: number, set: boolean): number {
  const flip = set ? 0 : -1
  let index = bit >>> 5
  if (index >= words.length) return CHUNK_BITS
  let word = ((words[index] as number) ^ flip) & (-1 << (bit & 31))
  while (word === 0) {
    if (++index === words.length) return CHUNK_BITS
    word = (words[index] as number) ^ flip
  }
  return index * 32 + 31 - Math.clz32(word & -word)
}

function fillBits(words: Uint32Array, first: number, end: number, set: boolean): void {
  for (let bit = first; bit < end; ) {
    const index = bit >>> 5
    const count = Math.min(32 - (bit & 31), end - bit)
    const mask = (count === 32 ? -1 : (1 << count) - 1) << (bit & 31)
    words[index] = set ? (words[index] as number) | mask : (words[index] as number) & ~mask
    bit += count
  }
}
