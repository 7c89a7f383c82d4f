import type { FlatRange } from './flat-range.ts'
import { EMPTY_VIEW, type FlatView } from './flat-view.ts'
import type { MmioPort } from './mmio-port.ts'
import type { RamRegion } from './ram-region.ts'
import { FRAMES_PER_NODE } from './sparse-memory.ts'
import type { Translator } from './translator.ts'

// Constants of this module: an imported one is looked up at every use.
const PAGE_SHIFT = 12
const PAGE_SIZE = 4096
const CHUNK_WORDS = 2 ** 14
const CHUNK_FRAME_SHIFT = 4
const CHUNK_FRAME_MASK = 15
const PAGE_WORDS_SHIFT = 10

/** log2 of the slots at first and at most, for whole pages and for parts of pages each. */
const FIRST_LOG = 4
const LAST_LOG = 13

/** 2^32 divided by the golden ratio: multiplied by it, pages that lie far apart fall on different slots. */
const SPREAD = 0x9e3779b1 | 0

/** What the upper word of an address is multiplied by before. */
const SPREAD_HIGH = 0x85ebca6b | 0

/** Tags fit below the page number in a word; 0 is that of a slot that never held anything. */
const LAST_TAG = PAGE_SIZE - 1

/** A range of so many whole pages, in memory or behind an IOMMU, is remembered as a whole. */
const WIDE_FRAMES = 16

/** Pages whose addresses have the same upper word. */
const PAGES_PER_WORD = 2 ** 20

// Words of a slot.
const WORDS = 4
const PAGE_AND_TAG = 0
const HIGH = 1
const BASE = 2
const BOUNDS = 3

/** As a base: offsets do not fit in a word. Every offset made of it is negative. */
const NO_BASE = -0x8000_0000

/**
 * What an address space has found lately, by page: a search in the view costs a mispredicted branch at every other step.
 *
 * It outlives the views: every slot carries the tag of the view it is of, so that a commit costs nothing here. Pages that
 * several ranges share are found by 16 bytes.
 */
export class PageCache {
  /** The view that the answers are of. */
  view: FlatView = EMPTY_VIEW

  /**
   * The last large range of memory or of an IOMMU, as far as addresses have one upper word and memory has one directory node: that
   * word, its first whole page's number without the word, and how many pages follow. None where it is -1.
   */
  wideUpper = 0
  wideFirst = 0
  wideSpan = -1
  wide: FlatRange | undefined = undefined
  /** The frame of its first whole page, in the space and, if pages begin alike there, in the region; for RAM in the node's pages. */
  wideStart = 0
  wideFrame = 0
  /** Its region, where it is RAM, and the frame there of its first whole page. */
  wideRam: RamRegion | undefined = undefined
  wideRamFrame = 0
  /** The words of its memory, and where in them the directory node is; none where pages of RAM do not begin alike. */
  wideWords: Int32Array | undefined = undefined
  wideNode = 0
  /** Its translator, where it is an IOMMU whose pages begin alike. */
  wideTranslator: Translator | undefined = undefined

  /** By slot: the range found, and the port that reads and writes of it go to, if both do. */
  ranges: (FlatRange | undefined)[] = []
  ports: (MmioPort | undefined)[] = []
  #words = new Int32Array(0)
  #log = FIRST_LOG - 1
  #shift = 0
  #tag = 1
  #evictions = 0

  constructor() {
    this.#grow()
  }

  /** Begins to answer for another view. */
  follow(view: FlatView): void {
    if (view === this.view) return
    this.view = view
    this.#forgetWide()
    this.#tag++
    if (this.#tag > LAST_TAG) {
      this.#words.fill(0)
      this.#tag = 1
    }
  }

  /** The range at byte `byte` of page `frame`; `undefined` where nothing is. */
  lookup(frame: number, byte: number): FlatRange | undefined {
    const low = (frame << PAGE_SHIFT) | byte
    const high = frame < PAGES_PER_WORD ? 0 : (frame / PAGES_PER_WORD) | 0
    const page = low >>> PAGE_SHIFT
    const { wide } = this
    if (wide !== undefined) {
      const isKnown = high === this.wideUpper && page >= this.wideFirst && page - this.wideFirst <= this.wideSpan
      if (isKnown) {
        if (wide.ram !== undefined) this.#seeGrowth(wide, wide.ram, frame)
        return wide
      }
      // Another part of the same range: of memory that has several directory nodes, or with another upper word.
      if (frame > wide.startFrame && frame < wide.lastFrame && this.#isWide(wide, frame)) return wide
    }
    const slot = this.slotOf(low, high)
    return slot >= 0 ? this.ranges[slot] : this.#search(frame, byte, low, high)
  }

  /** Where in {@link wideWords} byte `byte`, a multiple of 4, of page `frame` is; 0 where it is not known without a search. */
  wordAt(frame: number, byte: number): number {
    const words = this.wideWords
    const index = frame - this.wideStart
    if (words === undefined || index < 0 || index > this.wideSpan) return 0
    const inNode = index + this.wideFrame
    const slot = words[this.wideNode + (inNode >>> CHUNK_FRAME_SHIFT)] as number
    const at = slot * CHUNK_WORDS + ((inNode & CHUNK_FRAME_MASK) << PAGE_WORDS_SHIFT) + (byte >>> 2)
    return slot !== 0 && at < words.length ? at : 0
  }

  /** Puts two words where {@link wordAt} finds them, if the page is known, made and may be written; says whether it did. */
  putWords(frame: number, byte: number, low: number, high: number): boolean {
    const ram = this.wideRam
    const at = this.wordAt(frame, byte)
    if (at === 0 || ram === undefined || ram.readonly) return false
    const words = this.wideWords as Int32Array
    words[at] = low
    words[at + 1] = high
    if (ram.writeMarks !== undefined) ram.writeMarks.mark(frame - this.wideStart + this.wideRamFrame, byte, 8)
    return true
  }

  /** The slot of an address, given as two words, or -1 where it has not been found lately. */
  slotOf(low: number, high: number): number {
    const words = this.#words
    const key = (low & -PAGE_SIZE) | this.#tag
    const hash = Math.imul((low >>> PAGE_SHIFT) ^ Math.imul(high, SPREAD_HIGH), SPREAD)
    const slot = hash >>> this.#shift
    if (words[slot * WORDS] === key && words[slot * WORDS + HIGH] === high) return slot
    return this.#partOf(key, high, low & (PAGE_SIZE - 1), slot)
  }

  /** The offset in its region of the first byte of the page that a slot is of, below 0 where the region begins later in the page, or where offsets are too large for this. */
  baseOf(slot: number): number {
    return this.#words[slot * WORDS + BASE] as number
  }

  #partOf(key: number, high: number, byte: number, pageSlot: number): number {
    const words = this.#words
    const slot = this.#partSlot(pageSlot, byte)
    const at = slot * WORDS
    if (words[at] !== key || words[at + HIGH] !== high) return -1
    const bounds = words[at + BOUNDS] as number
    return byte >= bounds >>> PAGE_SHIFT && byte <= (bounds & (PAGE_SIZE - 1)) ? slot : -1
  }

  /** Parts lie in the second half of the slots. */
  #partSlot(pageSlot: number, byte: number): number {
    const slots = 1 << this.#log
    return slots + ((pageSlot + Math.imul(byte >>> 4, SPREAD_HIGH)) & (slots - 1))
  }

  #search(frame: number, byte: number, low: number, high: number): FlatRange | undefined {
    const range = this.view.lookup(frame, byte)
    if (range === undefined || this.#isWide(range, frame)) return range
    const first = range.startFrame === frame ? range.startByte : 0
    const last = range.lastFrame === frame ? range.lastByte : PAGE_SIZE - 1
    const hash = Math.imul((low >>> PAGE_SHIFT) ^ Math.imul(high, SPREAD_HIGH), SPREAD)
    const pageSlot = hash >>> this.#shift
    const slot = first === 0 && last === PAGE_SIZE - 1 ? pageSlot : this.#partSlot(pageSlot, byte)
    const words = this.#words
    const at = slot * WORDS
    const isTaken = ((words[at] as number) & LAST_TAG) === this.#tag
    if (isTaken && this.#log < LAST_LOG && ++this.#evictions > 1 << this.#log) {
      this.#grow()
      return range
    }
    words[at + PAGE_AND_TAG] = (low & -PAGE_SIZE) | this.#tag
    words[at + HIGH] = high
    words[at + BASE] = baseIn(range, frame)
    words[at + BOUNDS] = (first << PAGE_SHIFT) | last
    this.ranges[slot] = range
    // A RAM device ends an access with its section (LK-2): that is the long way.
    this.ports[slot] = range.romDevice === undefined && range.mappable === undefined ? range.port : undefined
    return range
  }

  /** Remembers a large range as a whole, if `frame` lies in its whole pages. */
  #isWide(range: FlatRange, frame: number): boolean {
    if (range.ram === undefined && range.translator === undefined) return false
    const first = range.startByte === 0 ? range.startFrame : range.startFrame + 1
    const last = range.lastByte === PAGE_SIZE - 1 ? range.lastFrame : range.lastFrame - 1
    if (last - first < WIDE_FRAMES || frame < first || frame > last) return false
    this.#forgetWide()
    const upper = Math.floor(frame / PAGES_PER_WORD)
    let low = Math.max(first, upper * PAGES_PER_WORD)
    let high = Math.min(last, upper * PAGES_PER_WORD + PAGES_PER_WORD - 1)
    let node = 0
    const pagesBeginAlike = range.shiftBytes === 0
    if (pagesBeginAlike && range.ram !== undefined) {
      const { memory } = range.ram
      const at = memory.nodeOf(frame + range.shiftFrames)
      if (at > 0) {
        node = Math.floor((frame + range.shiftFrames) / FRAMES_PER_NODE) * FRAMES_PER_NODE
        low = Math.max(low, node - range.shiftFrames)
        high = Math.min(high, node + FRAMES_PER_NODE - 1 - range.shiftFrames)
        this.wideWords = memory.nodeWords
        this.wideRam = range.ram
        this.wideRamFrame = low + range.shiftFrames
        this.wideNode = at
      }
    }
    this.wide = range
    this.wideUpper = upper | 0
    this.wideFirst = low - upper * PAGES_PER_WORD
    this.wideSpan = high - low
    this.wideStart = low
    this.wideFrame = low + range.shiftFrames - node
    this.wideTranslator = pagesBeginAlike ? range.translator : undefined
    return true
  }

  /** Follows memory that has grown, or has got its directory node, since it was found. */
  #seeGrowth(wide: FlatRange, { memory }: RamRegion, frame: number): void {
    if (this.wideWords === memory.nodeWords) return
    if (this.wideWords !== undefined || memory.nodeOf(frame + wide.shiftFrames) > 0) this.#isWide(wide, frame)
  }

  #forgetWide(): void {
    this.wideSpan = -1
    this.wide = undefined
    this.wideRam = undefined
    this.wideWords = undefined
    this.wideTranslator = undefined
  }

  /** Four times the slots, all empty. */
  #grow(): void {
    this.#log = Math.min(this.#log < FIRST_LOG ? FIRST_LOG : this.#log + 2, LAST_LOG)
    this.#shift = 32 - this.#log
    this.#evictions = 0
    const slots = 2 << this.#log
    this.#words = new Int32Array(slots * WORDS)
    this.ranges = new Array<FlatRange | undefined>(slots).fill(undefined)
    this.ports = new Array<MmioPort | undefined>(slots).fill(undefined)
  }
}

function baseIn(range: FlatRange, frame: number): number {
  const base = (frame + range.shiftFrames) * PAGE_SIZE + range.shiftBytes
  return base > NO_BASE && base < -NO_BASE - PAGE_SIZE ? base : NO_BASE
}
