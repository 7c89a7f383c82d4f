// Long because a load, a store, a read and a write each have their fast path beside each other here.
import { PAGE_SHIFT, PAGE_SIZE, splitAddress } from '../address/page-frame.ts'
import { MemTx, type MemTxAttrs, type MemTxResult, NO_ATTRS } from './access.ts'
import type { ContextStack } from './access-context.ts'
import type { Endianness } from './mmio-ops.ts'
import type { MmioPort } from './mmio-port.ts'
import { PageCache } from './page-cache.ts'
import { readSingle, writeSingle } from './single.ts'
import { numberAt, putNumber } from './sparse-memory.ts'
import { fillTransfer, loadTransfer, readTransfer, writeTransfer } from './transfer.ts'
import { Permission } from './translator.ts'

// An address becomes two words through memory, as in `page-frame.ts`; inlined, it stays in registers.
const address64 = new BigUint64Array(1)
const address32 = new Uint32Array(address64.buffer)
const FRAMES_PER_WORD = 2 ** 20

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
    const frame = high * FRAMES_PER_WORD + (low >>> PAGE_SHIFT)
    const length = into.length
    const { pages } = this
    if (frame >= pages.wideFirst && frame <= pages.wideLast) {
      const memory = pages.wideMemory
      if (memory !== undefined && byte + length <= PAGE_SIZE) {
        memory.readAt(frame + pages.wideShift, byte, into, 0, length)
        return MemTx.ok
      }
    } else if ((length === 4 || length === 2 || length === 1) && attrs.memory !== true) {
      const slot = pages.slotOf(low | 0, high | 0)
      const port = slot >= 0 ? pages.ports[slot] : undefined
      if (port !== undefined && (port.plain & length) !== 0) {
        const offset = pages.baseOf(slot) + byte
        if (offset >= 0 && (offset & (length - 1)) === 0) {
          const context = this.#contexts.enter(attrs)
          if (context !== undefined) {
            try {
              const value = port.load(offset, length, context)
              putNumber(into, 0, length, port.little ? value : swapped(value, length))
              return context.result
            } finally {
              this.#contexts.leave()
            }
          }
        }
      }
    }
    return this.#readSlowly(frame, byte, into, attrs)
  }

  /** Writes all of `from`, from `address` on, as {@link read} reads. What fails is dropped; the rest is still written (RW-4). */
  write(address: bigint, from: Uint8Array, attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    const { frame, offset } = splitAddress(address)
    const context = this.#contexts.enter(attrs)
    if (context === undefined) return MemTx.accessError
    try {
      return writeTransfer(this.pages, frame, offset, from, context)
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
  load8(address: bigint, attrs: MemTxAttrs = NO_ATTRS): number {
    return this.#load(address, 1, 'little', attrs)
  }

  /** Loads two bytes as one number, in one access (EN-4); its result is {@link loadResult}. */
  load16(address: bigint, order: Endianness = 'little', attrs: MemTxAttrs = NO_ATTRS): number {
    return this.#load(address, 2, order, attrs)
  }

  /** Loads four bytes as one number, in one access (EN-4); its result is {@link loadResult}. */
  load32(address: bigint, order: Endianness = 'little', attrs: MemTxAttrs = NO_ATTRS): number {
    return this.#load(address, 4, order, attrs)
  }

  /** Loads eight bytes as one number, in one access (EN-4); its result is {@link loadResult}. */
  load64(address: bigint, order: Endianness = 'little', attrs: MemTxAttrs = NO_ATTRS): bigint {
    this.loadResult = this.loadWords(address, pair, order, attrs)
    return pair64[0] as bigint
  }

  /** As {@link load64}, into two words, the lower one first. Allocates nothing. */
  loadWords(
    address: bigint,
    into: Uint32Array,
    order: Endianness = 'little',
    attrs: MemTxAttrs = NO_ATTRS,
  ): MemTxResult {
    address64[0] = address
    const low = address32[0] as number
    const byte = low & (PAGE_SIZE - 1)
    const frame = (address32[1] as number) * FRAMES_PER_WORD + (low >>> PAGE_SHIFT)
    const { pages } = this
    if (byte <= PAGE_SIZE - 8 && frame >= pages.wideFirst && frame <= pages.wideLast) {
      const memory = pages.wideMemory
      if (memory !== undefined) {
        memory.loadWords(frame + pages.wideShift, byte, into)
        if (!this.#isLittle(order)) swapWords(into)
        return MemTx.ok
      }
    }
    return this.#loadWordsSlowly(frame, byte, into, order, attrs)
  }

  /** Stores a byte. */
  store8(address: bigint, value: number, attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    return this.#store(address, 1, value, 'little', attrs)
  }

  /** Stores a number as two bytes, in one access (EN-4). */
  store16(address: bigint, value: number, order: Endianness = 'little', attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    return this.#store(address, 2, value, order, attrs)
  }

  /** Stores a number as four bytes, in one access (EN-4). */
  store32(address: bigint, value: number, order: Endianness = 'little', attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    return this.#store(address, 4, value, order, attrs)
  }

  /** Stores a number as eight bytes, in one access (EN-4). */
  store64(address: bigint, value: bigint, order: Endianness = 'little', attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    pair64[0] = value
    return this.storeWords(address, pair[0] as number, pair[1] as number, order, attrs)
  }

  /** As {@link store64}, of two words. Allocates nothing. */
  storeWords(
    address: bigint,
    low: number,
    high: number,
    order: Endianness = 'little',
    attrs: MemTxAttrs = NO_ATTRS,
  ): MemTxResult {
    const { frame, offset } = splitAddress(address)
    const context = this.#contexts.enter(attrs)
    if (context === undefined) return MemTx.accessError
    const { bytes } = context
    const isLittle = this.#isLittle(order)
    putNumber(bytes, 0, 4, isLittle ? low : swapped(high, 4))
    putNumber(bytes, 4, 4, isLittle ? high : swapped(low, 4))
    const { pages } = this
    try {
      context.locate(pages, pages.view, frame, offset, 8, Permission.write)
      return writeSingle(8, context)
    } finally {
      this.#contexts.leave()
    }
  }

  #load(address: bigint, size: number, order: Endianness, attrs: MemTxAttrs): number {
    address64[0] = address
    const low = address32[0] as number
    const high = address32[1] as number
    const byte = low & (PAGE_SIZE - 1)
    const frame = high * FRAMES_PER_WORD + (low >>> PAGE_SHIFT)
    const { pages } = this
    if (frame >= pages.wideFirst && frame <= pages.wideLast) {
      const memory = pages.wideMemory
      if (memory !== undefined && byte + size <= PAGE_SIZE) {
        this.loadResult = MemTx.ok
        const value = memory.load(frame + pages.wideShift, byte, size)
        return this.#isLittle(order) ? value : swapped(value, size)
      }
    } else {
      const slot = pages.slotOf(low | 0, high | 0)
      const port = slot >= 0 ? pages.ports[slot] : undefined
      if (port !== undefined && (port.plain & size) !== 0) {
        const offset = pages.baseOf(slot) + byte
        if ((offset & (size - 1)) === 0 && offset >= 0) return this.#loadPlain(port, offset, size, order, attrs)
      }
    }
    return this.#loadSlowly(frame, byte, size, order, attrs)
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
      context.locate(pages, pages.view, frame, byte, size, Permission.read)
      this.loadResult = readSingle(size, context)
      const value = numberAt(context.bytes, 0, size)
      return this.#isLittle(order) ? value : swapped(value, size)
    } finally {
      this.#contexts.leave()
    }
  }

  #loadWordsSlowly(frame: number, byte: number, into: Uint32Array, order: Endianness, attrs: MemTxAttrs): MemTxResult {
    const context = this.#contexts.enter(attrs)
    if (context === undefined) {
      into[0] = 0
      into[1] = 0
      return MemTx.accessError
    }
    const { pages } = this
    let result: MemTxResult = MemTx.ok
    try {
      context.locate(pages, pages.view, frame, byte, 8, Permission.read)
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

  #store(address: bigint, size: number, value: number, order: Endianness, attrs: MemTxAttrs): MemTxResult {
    const { frame, offset } = splitAddress(address)
    const context = this.#contexts.enter(attrs)
    if (context === undefined) return MemTx.accessError
    putNumber(context.bytes, 0, size, this.#isLittle(order) ? value : swapped(value, size))
    const { pages } = this
    try {
      context.locate(pages, pages.view, frame, offset, size, Permission.write)
      return writeSingle(size, context)
    } finally {
      this.#contexts.leave()
    }
  }

  #isLittle(order: Endianness): boolean {
    return order === 'little' || (order === 'native' && this.#nativeLittle)
  }
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
