import type { FlatRange } from './flat-range.ts'
import { EMPTY_VIEW, type FlatView } from './flat-view.ts'
import type { MmioPort } from './mmio-port.ts'
import { WideRange } from './wide-range.ts'

// Constants of this module: an imported one is looked up at every use.
const PAGE_SHIFT = 12
const PAGE_SIZE = 4096

/** log2 of the slots at first and at most, for whole pages and for parts of pages each. */
const FIRST_LOG = 4
const LAST_LOG = 13

/** 2^32 divided by the golden ratio: multiplied by it, pages that lie far apart fall on different slots. */
const SPREAD = 0x9e3779b1 | 0

/** What the upper word of an address is multiplied by before. */
const SPREAD_HIGH = 0x85ebca6b | 0

/** Tags fit below the page number in a word; 0 is that of a slot that never held anything. */
const LAST_TAG = PAGE_SIZE - 1

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

  /** The last large range, which takes no slot. */
  readonly wide: WideRange = new WideRange()

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
    this.wide.forget()
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
    const { wide } = this
    const { range } = wide
    if (range !== undefined) {
      if (wide.has(low, high)) {
        if (range.ram !== undefined) wide.seeGrowth(frame)
        return range
      }
      // Another part of the same range: of memory that has several directory nodes, or with another upper word.
      if (frame > range.startFrame && frame < range.lastFrame && wide.remember(range, frame)) return range
    }
    const slot = this.slotOf(low, high)
    return slot >= 0 ? this.ranges[slot] : this.#search(frame, byte, low, high)
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
    if (range === undefined || this.wide.remember(range, frame)) return range
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
