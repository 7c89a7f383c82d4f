import { type EntryWords, NO_WORDS } from './entry-words.ts'
import type { FlatRange } from './flat-range.ts'
import type { RamRegion } from './ram-region.ts'
import { FRAMES_PER_NODE } from './sparse-memory.ts'
import type { PermissionBits, Translator } from './translator.ts'

// Constants of this module: an imported one is looked up at every use.
const PAGE_SHIFT = 12
const PAGE_SIZE = 4096
const CHUNK_WORDS = 2 ** 14
const CHUNK_FRAME_SHIFT = 4
const CHUNK_FRAME_MASK = 15
const PAGE_WORDS_SHIFT = 10
const WRITE = 2

/** A range of so many whole pages and one more is remembered as a whole. */
const WIDE_FRAMES = 16

/** Pages whose addresses have the same upper word. */
const PAGES_PER_WORD = 2 ** 20

/** Up to so many bytes a loop is faster than a copy. */
const SHORT = 32

const NO_BYTES = new Uint8Array(0)

const NO_ENTRIES = { words: NO_WORDS }

/**
 * The last large range of memory or of an IOMMU that a space has found: most accesses go there, and these go there with integers alone.
 *
 * Of the range, those whole pages count whose addresses have one upper word, and whose memory one directory node. An address is
 * given as its two words.
 */
export class WideRange {
  /** `undefined` where there is none. */
  range: FlatRange | undefined = undefined
  /** Its translator, where it is an IOMMU whose pages begin alike in the space and in the region. */
  translator: Translator | undefined = undefined
  /** Everything that lies in the memory of the range, as words and as bytes; none where it is not memory. */
  words: Int32Array = NO_WORDS
  bytes: Uint8Array = NO_BYTES
  /** What the space behind has found lately, where it is an IOMMU whose entries can be looked at. */
  behind: WideRange = this

  /** The upper word, the number of the first page without it, and how many pages follow; -1 where there is no range. */
  #upper = 0
  #first = 0
  #span = -1
  /** Of memory: its first page among the pages of the directory node, and where in the words that node is. */
  #frame = 0
  #node = 0
  #ram: RamRegion | undefined = undefined
  /** Of an IOMMU: its entries, the first page in the region, how large the pages of the entries are, and what in an address is the offset there. */
  #entries: Pick<EntryWords, 'words'> = NO_ENTRIES
  #page = 0
  #pageBits = 0
  #offsetMask = PAGE_SIZE - 1

  /** Pages to add to one of the space to get the one of the region. */
  get shiftFrames(): number {
    return (this.range as FlatRange).shiftFrames
  }

  /** Whether it has an address. */
  has(low: number, high: number): boolean {
    const index = ((low >>> PAGE_SHIFT) - this.#first) | 0
    return index >= 0 && index <= this.#span && high === this.#upper
  }

  /** Where in {@link words} an address is, rounded down to a word; 0 where that is not known without a search, below 0 outside of the range. */
  wordAt(low: number, high: number): number {
    const index = ((low >>> PAGE_SHIFT) - this.#first) | 0
    if (index < 0 || index > this.#span || high !== this.#upper) return -1
    const { words } = this
    const inNode = (index + this.#frame) | 0
    const entry = (this.#node + (inNode >> CHUNK_FRAME_SHIFT)) | 0
    if (entry >= words.length) return 0
    const slot = words[entry] as number
    const at = slot * CHUNK_WORDS + ((inNode & CHUNK_FRAME_MASK) << PAGE_WORDS_SHIFT) + ((low & (PAGE_SIZE - 1)) >> 2)
    return slot !== 0 && at < words.length ? at : 0
  }

  /** As {@link wordAt} of an address in the range, in the words of {@link behind}, where an IOMMU's entry permits what is wanted. */
  wordBehind(low: number, wanted: PermissionBits): number {
    const entry = this.#entryAt(low)
    if (entry < 0) return 0
    const { words } = this.#entries
    const to = words[entry] as number
    if ((to & wanted) === 0) return 0
    const mask = this.#offsetMask
    return this.behind.wordAt((to & ~mask) | (low & mask), words[entry + 1] as number)
  }

  /** Whether whatever is found in {@link words} may be written there, and nobody wants to hear of it. */
  get takesWrites(): boolean {
    const ram = this.#ram
    return ram !== undefined && ram.writeMarks === undefined && !ram.readonly
  }

  /** Puts two words where {@link wordAt} finds them, if that page is made and may be written; says whether it did. */
  putWords(low: number, high: number, first: number, second: number): boolean {
    const at = this.#writableAt(low, high)
    if (at <= 0) return false
    const { words } = this
    words[at] = first
    words[at + 1] = second
    this.#mark(low, high, 8)
    return true
  }

  /** As {@link putWords}, where {@link wordBehind} finds them. What is behind another IOMMU there is not found. */
  putWordsBehind(low: number, high: number, first: number, second: number): boolean {
    const entry = this.#writableEntry(low, high)
    if (entry < 0) return false
    const { words } = this.#entries
    const mask = this.#offsetMask
    const to = ((words[entry] as number) & ~mask) | (low & mask)
    return this.behind.putWords(to, words[entry + 1] as number, first, second)
  }

  /** As {@link putWords}, of bytes that do not leave the page. */
  putBytes(low: number, high: number, from: Uint8Array): boolean {
    const at = this.#writableAt(low, high)
    if (at <= 0) return false
    const place = at * 4 + (low & 3)
    const { length } = from
    if (length <= SHORT) for (let i = 0; i < length; i++) this.bytes[place + i] = from[i] as number
    else this.bytes.set(from, place)
    this.#mark(low, high, length)
    return true
  }

  /** As {@link putWordsBehind}, of bytes that do not leave the page. */
  putBytesBehind(low: number, high: number, from: Uint8Array): boolean {
    const entry = this.#writableEntry(low, high)
    if (entry < 0) return false
    const { words } = this.#entries
    const mask = this.#offsetMask
    const to = ((words[entry] as number) & ~mask) | (low & mask)
    return this.behind.putBytes(to, words[entry + 1] as number, from)
  }

  /** Remembers a range, if it is large and `frame` lies in its whole pages. */
  remember(range: FlatRange, frame: number): boolean {
    const { ram, translator } = range
    if (ram === undefined && translator === undefined) return false
    const first = range.startByte === 0 ? range.startFrame : range.startFrame + 1
    const last = range.lastByte === PAGE_SIZE - 1 ? range.lastFrame : range.lastFrame - 1
    if (last - first < WIDE_FRAMES || frame < first || frame > last) return false
    this.forget()
    const upper = Math.floor(frame / PAGES_PER_WORD)
    let low = Math.max(first, upper * PAGES_PER_WORD)
    let high = Math.min(last, upper * PAGES_PER_WORD + PAGES_PER_WORD - 1)
    if (range.shiftBytes === 0) {
      const inRegion = frame + range.shiftFrames
      const at = ram?.memory.nodeOf(inRegion) ?? 0
      if (ram !== undefined && at > 0) {
        const node = Math.floor(inRegion / FRAMES_PER_NODE) * FRAMES_PER_NODE
        low = Math.max(low, node - range.shiftFrames)
        high = Math.min(high, node + FRAMES_PER_NODE - 1 - range.shiftFrames)
        this.#frame = (low + range.shiftFrames - node) | 0
        this.#node = at | 0
        this.#ram = ram
        this.words = ram.memory.nodeWords
        this.bytes = ram.memory.nodeBytes
      }
      this.translator = translator
      if (translator?.entryWords !== undefined) this.#showEntries(translator.entryWords, low, range.shiftFrames)
    }
    this.range = range
    // Integers of 32 bits, whatever they were calculated with: accesses are slower with fields that were doubles once.
    this.#upper = upper | 0
    this.#first = (low - upper * PAGES_PER_WORD) | 0
    this.#span = (high - low) | 0
    return true
  }

  /** Follows memory that has grown, or has got its directory node, since it was found; `frame` lies in the range. */
  seeGrowth(frame: number): void {
    const { range } = this
    const memory = range?.ram?.memory
    if (range === undefined || memory === undefined || this.words === memory.nodeWords) return
    if (this.words !== NO_WORDS || memory.nodeOf(frame + range.shiftFrames) > 0) this.remember(range, frame)
  }

  forget(): void {
    this.#span = -1
    this.range = undefined
    this.translator = undefined
    this.words = NO_WORDS
    this.bytes = NO_BYTES
    this.behind = this
    this.#ram = undefined
    this.#entries = NO_ENTRIES
  }

  /** Entries can be looked at where offsets in their pages are the same in the space and in the region. */
  #showEntries(entries: EntryWords, first: number, shiftFrames: number): void {
    const pageBits = entries.pageShift - PAGE_SHIFT
    const page = first + shiftFrames
    if (shiftFrames % 2 ** pageBits !== 0 || page !== (page | 0)) return
    this.#entries = entries
    this.#page = page | 0
    this.#pageBits = pageBits
    this.#offsetMask = (2 ** entries.pageShift - 1) | 0
    this.behind = entries.target.pages.wide
  }

  /** Where the entry for an address of the range is; -1 where it cannot be looked at. */
  #entryAt(low: number): number {
    const index = ((low >>> PAGE_SHIFT) - this.#first) | 0
    const entry = (((index + this.#page) | 0) >>> this.#pageBits) << 1
    return entry < this.#entries.words.length ? entry : -1
  }

  /** As {@link #entryAt}, of any address, where the entry permits to write. */
  #writableEntry(low: number, high: number): number {
    const entry = this.has(low, high) ? this.#entryAt(low) : -1
    return entry >= 0 && ((this.#entries.words[entry] as number) & WRITE) !== 0 ? entry : -1
  }

  #writableAt(low: number, high: number): number {
    const ram = this.#ram
    return ram === undefined || ram.readonly ? 0 : this.wordAt(low, high)
  }

  #mark(low: number, high: number, length: number): void {
    const marks = this.#ram?.writeMarks
    if (marks === undefined) return
    const frame = (high >>> 0) * PAGES_PER_WORD + (low >>> PAGE_SHIFT)
    marks.mark(frame + this.shiftFrames, low & (PAGE_SIZE - 1), length)
  }
}
