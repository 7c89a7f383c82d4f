// Long because a load, a store, a read and a write each have their fast path beside each other here.
import { splitAddress } from '../address/page-frame.ts'
import { MemTx, type MemTxAttrs, type MemTxResult, NO_ATTRS } from './access.ts'
import { type AccessContext, type ContextStack, clearTranslation } from './access-context.ts'
import type { Endianness } from './mmio-ops.ts'
import type { MmioPort } from './mmio-port.ts'
import { PageCache } from './page-cache.ts'
import { readSingle, writeSingle } from './single.ts'
import { numberAt, putNumber } from './sparse-memory.ts'
import { fillTransfer, loadTransfer, readTransfer, writeTransfer } from './transfer.ts'
import type { Translator } from './translator.ts'

// An address becomes two words through memory, as in `page-frame.ts`; inlined, it stays in registers.
const address64 = new BigUint64Array(1)
const address32 = new Int32Array(address64.buffer)

// Constants of this module: an imported one is looked up at every use.
const PAGE_SHIFT = 12
const PAGE_SIZE = 4096
const FRAMES_PER_WORD = 2 ** 20
const OK = 0
const READ = 1
const WRITE = 2
/** Up to so many bytes a loop is faster than a copy. */
const SHORT = 32

/** One number of 64 bits on its way between a bigint and two words. */
const pair64 = new BigUint64Array(1)
const pair = new Uint32Array(pair64.buffer)

/**
 * The accesses that a space offers. Nothing a guest does makes one throw; what a device's callback throws goes through
 * to whoever made the access, and leaves the space as it was.
 *
 * An access nested in 64 others of the same system (callbacks that make accesses) is denied with `accessError`.
 */
export class SpaceAccess {
  /** What is seen where, and what has been found lately. */
  readonly pages: PageCache = new PageCache()
  /** The result of the last load of {@link load8} to {@link load64}. */
  loadResult: MemTxResult = MemTx.ok
  readonly #contexts: ContextStack
  readonly #nativeLittle: boolean

  constructor(contexts: ContextStack, native: 'little' | 'big') {
    this.#contexts = contexts
    this.#nativeLittle = native === 'little'
  }

  /**
   * Reads `into.length` bytes from `address` on, in the order of memory. What fails reads 0; the rest is still read (RW-4).
   * Behind the last address comes the first.
   */
  read(address: bigint, into: Uint8Array, attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    address64[0] = address
    const low = address32[0] as number
    const high = address32[1] as number
    const byte = low & (PAGE_SIZE - 1)
    const length = into.length
    const { pages } = this
    const { wide } = pages
    if (byte + length <= PAGE_SIZE && length > 0) {
      let known = wide
      let at = known.wordAt(low, high)
      if (at === 0) {
        at = known.wordBehind(low, high)
        known = known.behind
      }
      if (at !== 0) {
        copyOut(known.bytes, at * 4 + (low & 3), into, length)
        return OK
      }
    }
    if ((length === 4 || length === 2 || length === 1) && attrs.memory !== true) {
      const slot = pages.slotOf(low, high)
      const port = slot >= 0 ? pages.ports[slot] : undefined
      if (port !== undefined && (port.plain & length) !== 0) {
        const offset = pages.baseOf(slot) + byte
        if ((offset & (length - 1)) === 0 && offset >= 0) {
          const order = port.little ? 'little' : 'big'
          const value = this.#loadPlain(port, offset, length, order, attrs)
          const result = this.loadResult
          putNumber(into, 0, length, port.little ? value : swapped(value, length))
          return result
        }
      }
    }
    const { translator } = wide
    if (translator !== undefined && wide.has(low, high) && byte + length <= PAGE_SIZE && length > 0) {
      return this.#readThrough(translator, frameOf(low, high), byte, into, attrs)
    }
    return this.#readSlowly(frameOf(low, high), byte, into, attrs)
  }

  /** Writes all of `from`, from `address` on, as {@link read} reads. What fails is dropped; the rest is still written (RW-4). */
  write(address: bigint, from: Uint8Array, attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    address64[0] = address
    const low = address32[0] as number
    const high = address32[1] as number
    const byte = low & (PAGE_SIZE - 1)
    const length = from.length
    const { pages } = this
    const { wide } = pages
    if (byte + length <= PAGE_SIZE && length > 0) {
      if (wide.putBytes(low, high, from) || wide.putBytesBehind(low, high, from)) return OK
    }
    const context = this.#contexts.enter(attrs)
    if (context === undefined) return MemTx.accessError
    try {
      return writeTransfer(pages, frameOf(low, high), byte, from, context)
    } finally {
      this.#contexts.leave()
    }
  }

  /** Reads a part, at least a byte, of a page of the large range behind an IOMMU. */
  #readThrough(translator: Translator, frame: number, byte: number, into: Uint8Array, attrs: MemTxAttrs): MemTxResult {
    const context = this.#contexts.enter(attrs)
    if (context === undefined) {
      into.fill(0)
      return MemTx.accessError
    }
    const { pages } = this
    try {
      const there = translated(translator, frame + pages.wide.shiftFrames, READ, context)
      if (there === undefined) {
        into.fill(0)
        return attrs.memory === true ? MemTx.accessError : MemTx.decodeError
      }
      context.locate(there, there.view, context.translation.frame, byte, into.length, READ, 1)
      const ram = context.range?.ram
      if (ram === undefined || context.length < into.length) {
        return readTransfer(pages, frame, byte, into, context, true)
      }
      ram.memory.readAt(context.frame, context.byte, into, 0, into.length)
      return OK
    } finally {
      this.#contexts.leave()
    }
  }

  #readSlowly(frame: number, byte: number, into: Uint8Array, attrs: MemTxAttrs): MemTxResult {
    const context = this.#contexts.enter(attrs)
    if (context === undefined) {
      into.fill(0)
      return MemTx.accessError
    }
    try {
      return readTransfer(this.pages, frame, byte, into, context)
    } finally {
      this.#contexts.leave()
    }
  }

  /** Writes `length` times the byte `value`, in transfers of at most 512 bytes (RW-9). */
  fill(address: bigint, value: number, length: number, attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    const { frame, offset } = splitAddress(address)
    const context = this.#contexts.enter(attrs)
    if (context === undefined) return MemTx.accessError
    try {
      return fillTransfer(this.pages, frame, offset, value, length, context)
    } finally {
      this.#contexts.leave()
    }
  }

  /** Writes `from` to RAM, ROM, and ROM devices in ROM mode, as a loader does; everything else is left out (RW-7). */
  writeRom(address: bigint, from: Uint8Array, attrs: MemTxAttrs = NO_ATTRS): void {
    const { frame, offset } = splitAddress(address)
    const context = this.#contexts.enter(attrs)
    if (context === undefined) return
    try {
      loadTransfer(this.pages, frame, offset, from, context)
    } finally {
      this.#contexts.leave()
    }
  }

  /** Loads a byte; its result is {@link loadResult}. */
  load8(address: bigint, attrs?: MemTxAttrs): number {
    return this.#load(address, 1, undefined, attrs)
  }

  /** Loads two bytes as one number, in one access (EN-4); its result is {@link loadResult}. */
  load16(address: bigint, order?: Endianness, attrs?: MemTxAttrs): number {
    return this.#load(address, 2, order, attrs)
  }

  /** Loads four bytes as one number, in one access (EN-4); its result is {@link loadResult}. */
  load32(address: bigint, order?: Endianness, attrs?: MemTxAttrs): number {
    return this.#load(address, 4, order, attrs)
  }

  /** Loads eight bytes as one number, in one access (EN-4); its result is {@link loadResult}. */
  load64(address: bigint, order: Endianness = 'little', attrs: MemTxAttrs = NO_ATTRS): bigint {
    this.loadResult = this.loadWords(address, pair, order, attrs)
    return pair64[0] as bigint
  }

  /** As {@link load64}, into two words, the lower one first. Allocates nothing. */
  loadWords(address: bigint, into: Uint32Array, order?: Endianness, attrs?: MemTxAttrs): MemTxResult {
    address64[0] = address
    const low = address32[0] as number
    const high = address32[1] as number
    if ((low & 7) === 0) {
      const { wide } = this.pages
      let known = wide
      let at = known.wordAt(low, high)
      if (at === 0) {
        at = known.wordBehind(low, high)
        known = known.behind
      }
      if (at !== 0) {
        const { words } = known
        into[0] = words[at] as number
        into[1] = words[at + 1] as number
        if (order !== undefined && !this.#isLittle(order)) swapWords(into)
        return OK
      }
      const { translator } = wide
      if (translator !== undefined && wide.has(low, high)) {
        return this.#loadThrough(translator, low, high, into, order, attrs ?? NO_ATTRS)
      }
    }
    return this.#loadWordsSlowly(low, high, into, order ?? 'little', attrs ?? NO_ATTRS)
  }

  /** Stores a byte. */
  store8(address: bigint, value: number, attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    return this.#store(address, 1, value, undefined, attrs)
  }

  /** Stores a number as two bytes, in one access (EN-4). */
  store16(address: bigint, value: number, order?: Endianness, attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    return this.#store(address, 2, value, order, attrs)
  }

  /** Stores a number as four bytes, in one access (EN-4). */
  store32(address: bigint, value: number, order?: Endianness, attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    return this.#store(address, 4, value, order, attrs)
  }

  /** Stores a number as eight bytes, in one access (EN-4). */
  store64(address: bigint, value: bigint, order: Endianness = 'little', attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    pair64[0] = value
    return this.storeWords(address, pair[0] as number, pair[1] as number, order, attrs)
  }

  /** As {@link store64}, of two words. Allocates nothing. */
  storeWords(address: bigint, low: number, high: number, order?: Endianness, attrs?: MemTxAttrs): MemTxResult {
    address64[0] = address
    const place = address32[0] as number
    const upper = address32[1] as number
    const byte = place & (PAGE_SIZE - 1)
    const { pages } = this
    const isLittle = order === undefined || this.#isLittle(order)
    const first = isLittle ? low : swapped(high, 4)
    const second = isLittle ? high : swapped(low, 4)
    if ((byte & 7) === 0) {
      const { wide } = pages
      if (wide.putWords(place, upper, first, second) || wide.putWordsBehind(place, upper, first, second)) return OK
      const { translator } = wide
      if (translator !== undefined && wide.has(place, upper)) {
        return this.#storeThrough(translator, place, upper, first, second, attrs ?? NO_ATTRS)
      }
    }
    const context = this.#contexts.enter(attrs ?? NO_ATTRS)
    if (context === undefined) return MemTx.accessError
    putNumber(context.bytes, 0, 4, first)
    putNumber(context.bytes, 4, 4, second)
    try {
      context.locate(pages, pages.view, frameOf(place, upper), byte, 8, WRITE)
      return writeSingle(8, context)
    } finally {
      this.#contexts.leave()
    }
  }

  #load(address: bigint, size: number, order: Endianness | undefined, attrs: MemTxAttrs | undefined): number {
    address64[0] = address
    const low = address32[0] as number
    const high = address32[1] as number
    const { pages } = this
    let known = pages.wide
    let at = known.wordAt(low, high)
    if (at === 0) {
      at = known.wordBehind(low, high)
      known = known.behind
    }
    if (at !== 0) {
      if ((low & (size - 1)) === 0) {
        this.loadResult = OK
        const value = size === 4 ? (known.words[at] as number) >>> 0 : numberAt(known.bytes, at * 4 + (low & 3), size)
        return order === undefined || this.#isLittle(order) ? value : swapped(value, size)
      }
    } else {
      const slot = pages.slotOf(low, high)
      const port = slot >= 0 ? pages.ports[slot] : undefined
      if (port !== undefined && (port.plain & size) !== 0) {
        const offset = pages.baseOf(slot) + (low & (PAGE_SIZE - 1))
        if ((offset & (size - 1)) === 0 && offset >= 0) {
          return this.#loadPlain(port, offset, size, order ?? 'little', attrs ?? NO_ATTRS)
        }
      }
    }
    return this.#loadSlowly(frameOf(low, high), low & (PAGE_SIZE - 1), size, order ?? 'little', attrs ?? NO_ATTRS)
  }

  #loadPlain(port: MmioPort, offset: number, size: number, order: Endianness, attrs: MemTxAttrs): number {
    const context = this.#contexts.enter(attrs)
    if (context === undefined) {
      this.loadResult = MemTx.accessError
      return 0
    }
    try {
      const value = port.load(offset, size, context)
      this.loadResult = context.result
      return port.little === this.#isLittle(order) ? value : swapped(value, size)
    } finally {
      this.#contexts.leave()
    }
  }

  #loadSlowly(frame: number, byte: number, size: number, order: Endianness, attrs: MemTxAttrs): number {
    const context = this.#contexts.enter(attrs)
    if (context === undefined) {
      this.loadResult = MemTx.accessError
      return 0
    }
    const { pages } = this
    try {
      context.locate(pages, pages.view, frame, byte, size, READ)
      this.loadResult = readSingle(size, context)
      const value = numberAt(context.bytes, 0, size)
      return this.#isLittle(order) ? value : swapped(value, size)
    } finally {
      this.#contexts.leave()
    }
  }

  /** Loads two words at an aligned place of a page behind an IOMMU. */
  #loadThrough(
    translator: Translator,
    low: number,
    high: number,
    into: Uint32Array,
    order: Endianness | undefined,
    attrs: MemTxAttrs,
  ): MemTxResult {
    const context = this.#contexts.enter(attrs)
    let result: MemTxResult = MemTx.accessError
    into[0] = 0
    into[1] = 0
    if (context === undefined) return result
    try {
      const there = translated(translator, frameOf(low, high) + this.pages.wide.shiftFrames, READ, context)
      if (there === undefined) return MemTx.decodeError
      const byte = low & (PAGE_SIZE - 1)
      const { frame } = context.translation
      const at = there.wide.wordAt((frame << PAGE_SHIFT) | byte, upperOf(frame))
      if (at !== 0) {
        const { words } = there.wide
        into[0] = words[at] as number
        into[1] = words[at + 1] as number
        result = OK
      } else {
        context.locate(there, there.view, frame, byte, 8, READ, 1)
        result = readSingle(8, context)
        into[0] = numberAt(context.bytes, 0, 4)
        into[1] = numberAt(context.bytes, 4, 4)
      }
    } finally {
      this.#contexts.leave()
    }
    if (order !== undefined && !this.#isLittle(order)) swapWords(into)
    return result
  }

  #loadWordsSlowly(low: number, high: number, into: Uint32Array, order: Endianness, attrs: MemTxAttrs): MemTxResult {
    const context = this.#contexts.enter(attrs)
    if (context === undefined) {
      into[0] = 0
      into[1] = 0
      return MemTx.accessError
    }
    const { pages } = this
    let result: MemTxResult = OK
    try {
      context.locate(pages, pages.view, frameOf(low, high), low & (PAGE_SIZE - 1), 8, READ)
      const ram = context.range?.ram
      if (ram !== undefined && context.length >= 8 && context.byte <= PAGE_SIZE - 8) {
        ram.memory.loadWords(context.frame, context.byte, into)
      } else {
        result = readSingle(8, context)
        into[0] = numberAt(context.bytes, 0, 4)
        into[1] = numberAt(context.bytes, 4, 4)
      }
    } finally {
      this.#contexts.leave()
    }
    if (!this.#isLittle(order)) swapWords(into)
    return result
  }

  /** Stores two words, in the order of memory, at an aligned place of a page behind an IOMMU. */
  #storeThrough(
    translator: Translator,
    low: number,
    high: number,
    first: number,
    second: number,
    attrs: MemTxAttrs,
  ): MemTxResult {
    const context = this.#contexts.enter(attrs)
    if (context === undefined) return MemTx.accessError
    try {
      const there = translated(translator, frameOf(low, high) + this.pages.wide.shiftFrames, WRITE, context)
      if (there === undefined) return MemTx.decodeError
      const byte = low & (PAGE_SIZE - 1)
      const { frame } = context.translation
      if (there.wide.putWords((frame << PAGE_SHIFT) | byte, upperOf(frame), first, second)) return OK
      putNumber(context.bytes, 0, 4, first)
      putNumber(context.bytes, 4, 4, second)
      context.locate(there, there.view, frame, byte, 8, WRITE, 1)
      return writeSingle(8, context)
    } finally {
      this.#contexts.leave()
    }
  }

  #store(address: bigint, size: number, value: number, order: Endianness | undefined, attrs: MemTxAttrs): MemTxResult {
    address64[0] = address
    const low = address32[0] as number
    const high = address32[1] as number
    const byte = low & (PAGE_SIZE - 1)
    const { pages } = this
    const isLittle = order === undefined || this.#isLittle(order)
    const slot = pages.slotOf(low, high)
    const port = slot >= 0 ? pages.ports[slot] : undefined
    const offset = slot >= 0 ? pages.baseOf(slot) + byte : -1
    const context = this.#contexts.enter(attrs)
    if (context === undefined) return MemTx.accessError
    try {
      if (port !== undefined && (port.plain & size) !== 0 && (offset & (size - 1)) === 0 && offset >= 0) {
        const number = size === 4 ? value >>> 0 : size === 2 ? value & 0xffff : value & 0xff
        return port.store(offset, size, port.little === isLittle ? number : swapped(number, size), context)
      }
      putNumber(context.bytes, 0, size, isLittle ? value : swapped(value, size))
      context.locate(pages, pages.view, frameOf(low, high), byte, size, WRITE)
      return writeSingle(size, context)
    } finally {
      this.#contexts.leave()
    }
  }

  #isLittle(order: Endianness): boolean {
    return order === 'little' || (order === 'native' && this.#nativeLittle)
  }
}

/** What a page leads to, whose frame `context.translation` then has; `undefined` where it permits no such access (TE-5). */
function translated(
  translator: Translator,
  frame: number,
  wanted: number,
  context: AccessContext,
): PageCache | undefined {
  const { translation } = context
  clearTranslation(translation)
  const index = translator.attrsToIndex === undefined ? 0 : translator.attrsToIndex(context.attrs)
  translator.translate(frame, wanted, translation, index)
  return (translation.permission & wanted) === wanted ? translation.target?.pages : undefined
}

/** The page frame of an address, given as two words. */
function frameOf(low: number, high: number): number {
  return (high >>> 0) * FRAMES_PER_WORD + (low >>> PAGE_SHIFT)
}

/** The upper word of a page's addresses. */
function upperOf(frame: number): number {
  return frame < FRAMES_PER_WORD ? 0 : (frame / FRAMES_PER_WORD) | 0
}

function copyOut(bytes: Uint8Array, place: number, into: Uint8Array, length: number): void {
  if (length <= SHORT) for (let i = 0; i < length; i++) into[i] = bytes[place + i] as number
  else into.set(bytes.subarray(place, place + length))
}

/** A number of `size` bytes in the other order. */
function swapped(value: number, size: number): number {
  if (size === 1) return value
  if (size === 2) return ((value & 0xff) << 8) | ((value >>> 8) & 0xff)
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0
}

/** Two words of a number, the lower one first, in the other order. */
function swapWords(words: Uint32Array): void {
  const low = words[0] as number
  words[0] = swapped(words[1] as number, 4)
  words[1] = swapped(low, 4)
}
