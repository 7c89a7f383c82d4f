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

/** Pages whose addresses have the same upper word. */
const PAGES_PER_WORD = 2 ** 20

/** As a base: offsets do not fit in a word. Every offset made of it is negative. */
const NO_BASE = -0x8000_0000

/** What has been found in a page, or in a part of one. */
class PageSlot {
  /** The page's number in its address's lower word, and the upper word; -1 where nothing has been found. */
  page = -1
  high = 0
  /** The offset in its region of the page's first byte; below 0 where the region begins later in the page, or where offsets are too large for this. */
  base = 0
  /** What reads and writes go to, if both go there. */
  port: MmioPort | undefined = undefined
  range: FlatRange | undefined = undefined
  /** The bytes of the page that this is about. */
  first = 0
  last: number = PAGE_SIZE - 1
}

/** Stands wherever nothing has been found yet. */
const NOTHING = new PageSlot()

/**
 * What an address space has found lately, by page: a search in the view costs a mispredicted branch at every other step.
 *
 * What has been found of a view is forgotten with it, at a cost of what that was. Pages that several ranges share are found
 * by 16 bytes.
 */
export class PageCache {
  /** Gives the view, where the one that was followed last counts no more. */
  source: () => FlatView = () => EMPTY_VIEW

  /** The last large range, which takes no slot. */
  readonly wide: WideRange = new WideRange()

  #view: FlatView | undefined
  #pages: PageSlot[] = []
  #parts: PageSlot[] = []
  #used: PageSlot[] = []
  #log = FIRST_LOG - 1
  #shift = 0
  #evictions = 0

  constructor() {
    this.#grow()
  }

  /** The view that the answers are of. */
  get view(): FlatView {
    return this.#view ?? this.#ask()
  }

  /** Begins to answer for another view. */
  follow(view: FlatView): void {
    if (view === this.#view) return
    this.#forget()
    this.#view = view
  }

  /** Forgets all answers and the view: whoever looks next asks {@link source} for it. */
  expire(): void {
    if (this.#view === undefined) return
    this.#forget()
    this.#view = undefined
  }

  #ask(): FlatView {
    const view = this.source()
    this.#view = view
    return view
  }

  #forget(): void {
    this.wide.forget()
    for (const slot of this.#used) {
      slot.page = -1
      slot.port = undefined
      slot.range = undefined
    }
    this.#used.length = 0
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
    const slot = this.find(low, high)
    return slot === undefined ? this.#search(frame, byte, low, high) : slot.range
  }

  /** What has been found lately at an address, given as two words. */
  find(low: number, high: number): PageSlot | undefined {
    const page = low >>> PAGE_SHIFT
    const hash = Math.imul(page ^ Math.imul(high, SPREAD_HIGH), SPREAD)
    const slot = this.#pages[hash >>> this.#shift] as PageSlot
    return slot.page === page && slot.high === high ? slot : this.#findPart(hash, low, high)
  }

  #findPart(hash: number, low: number, high: number): PageSlot | undefined {
    const byte = low & (PAGE_SIZE - 1)
    const slot = this.#parts[this.#partOf(hash, byte)] as PageSlot
    const isThere = slot.page === low >>> PAGE_SHIFT && slot.high === high && byte >= slot.first && byte <= slot.last
    return isThere ? slot : undefined
  }

  /** Which slot is for the parts of pages that a byte is in. */
  #partOf(hash: number, byte: number): number {
    return ((hash >>> this.#shift) + Math.imul(byte >>> 4, SPREAD_HIGH)) & (this.#parts.length - 1)
  }

  #search(frame: number, byte: number, low: number, high: number): FlatRange | undefined {
    const range = this.view.lookup(frame, byte)
    if (range === undefined || this.wide.remember(range, frame)) return range
    const first = range.startFrame === frame ? range.startByte : 0
    const last = range.lastFrame === frame ? range.lastByte : PAGE_SIZE - 1
    const hash = Math.imul((low >>> PAGE_SHIFT) ^ Math.imul(high, SPREAD_HIGH), SPREAD)
    const isWhole = first === 0 && last === PAGE_SIZE - 1
    const slots = isWhole ? this.#pages : this.#parts
    const at = isWhole ? hash >>> this.#shift : this.#partOf(hash, byte)
    let slot = slots[at] as PageSlot
    if (slot === NOTHING) {
      slot = new PageSlot()
      slots[at] = slot
    }
    if (slot.page < 0) {
      this.#used.push(slot)
    } else if (this.#log < LAST_LOG && ++this.#evictions > 1 << this.#log) {
      this.#grow()
      return range
    }
    slot.page = low >>> PAGE_SHIFT
    slot.high = high
    slot.base = baseIn(range, frame)
    slot.first = first
    slot.last = last
    slot.range = range
    // A RAM device ends an access with its section (LK-2): that is the long way.
    slot.port = range.romDevice === undefined && range.mappable === undefined ? range.port : undefined
    return range
  }

  /** Four times the slots, all empty. */
  #grow(): void {
    this.#log = Math.min(this.#log < FIRST_LOG ? FIRST_LOG : this.#log + 2, LAST_LOG)
    this.#shift = 32 - this.#log
    this.#evictions = 0
    this.#used = []
    this.#pages = new Array<PageSlot>(1 << this.#log).fill(NOTHING)
    this.#parts = new Array<PageSlot>(1 << this.#log).fill(NOTHING)
  }
}

function baseIn(range: FlatRange, frame: number): number {
  const base = (frame + range.shiftFrames) * PAGE_SIZE + range.shiftBytes
  return base > NO_BASE && base < -NO_BASE - PAGE_SIZE ? base | 0 : NO_BASE
}
