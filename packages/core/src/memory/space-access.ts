// Long because a load, a store, a read and a write each have their fast path beside each other here.
import { splitAddress } from '../address/page-frame.ts'
import { MemTx, type MemTxAttrs, type MemTxResult, NO_ATTRS } from './access.ts'
import type { ContextStack } from './access-context.ts'
import type { Endianness } from './mmio-ops.ts'
import type { MmioPort } from './mmio-port.ts'
import { PageCache } from './page-cache.ts'
import { checkLength } from './region-checks.ts'
import { SearchedAccess } from './searched-access.ts'
import { numberAt, putNumber } from './sparse-memory.ts'
import { fillTransfer, loadTransfer } from './transfer.ts'

// An address becomes two words through memory, as in `page-frame.ts`; inlined, it stays in registers.
const address64 = new BigUint64Array(1)
const address32 = new Int32Array(address64.buffer)

// Constants of this module: an imported one is looked up at every use.
const PAGE_SIZE = 4096
const OK = 0
const READ = 1
const WRITE = 2
const NOTHING_SAID = NO_ATTRS
/** Up to so many bytes a loop is faster than a copy. */
const SHORT = 32

/** One number of 64 bits on its way between a bigint and two words. */
const pair64 = new BigUint64Array(1)
const pair = new Uint32Array(pair64.buffer)

/**
 * The accesses that a space offers. Nothing a guest does makes one throw; what a device's callback throws goes through
 * to whoever made the access, and leaves the space as it was.
 *
 * An access nested in 64 others of the same system (callbacks that make accesses) is denied with `accessError`, unless it is to
 * memory that the space has found lately in a large range, also behind an IOMMU's entry: such a one calls nobody, so that nothing
 * nests in it, and is not counted.
 */
export class SpaceAccess {
  /** What is seen where, and what has been found lately. */
  readonly pages: PageCache = new PageCache()
  /** The result of the last load of {@link load8} to {@link load64}. */
  loadResult: MemTxResult = MemTx.ok
  readonly #contexts: ContextStack
  readonly #searched: SearchedAccess
  readonly #nativeLittle: boolean

  constructor(contexts: ContextStack, native: 'little' | 'big') {
    this.#contexts = contexts
    this.#searched = new SearchedAccess(contexts, this.pages)
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
    const { length } = into
    const { pages } = this
    if (byte + length <= PAGE_SIZE && length > 0) {
      let known = pages.wide
      let at = known.wordAt(low, high)
      if (at === 0) {
        at = known.wordBehind(low, READ)
        known = known.behind
      }
      if (at > 0) {
        copyOut(known.bytes, at * 4 + (low & 3), into, length)
        return OK
      }
    }
    if ((length === 4 || length === 2 || length === 1) && attrs.memory !== true) {
      const slot = pages.find(low, high)
      const port = slot?.port
      if (slot !== undefined && port !== undefined && (port.plain & length) !== 0) {
        const offset = slot.base + byte
        if ((offset & (length - 1)) === 0 && offset >= 0) {
          const value = this.#loadPlain(port, offset, length, attrs)
          const result = this.loadResult
          putNumber(into, 0, length, port.little ? value : swapped(value, length))
          return result
        }
      }
    }
    return this.#searched.read(low, high, into, attrs)
  }

  /** Writes all of `from`, from `address` on, as {@link read} reads. What fails is dropped; the rest is still written (RW-4). */
  write(address: bigint, from: Uint8Array, attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    address64[0] = address
    const low = address32[0] as number
    const high = address32[1] as number
    const { wide } = this.pages
    if ((low & (PAGE_SIZE - 1)) + from.length <= PAGE_SIZE && from.length > 0) {
      if (wide.putBytes(low, high, from) || wide.putBytesBehind(low, high, from)) return OK
    }
    return this.#searched.write(low, high, from, attrs)
  }

  /** Writes `length` times the byte `value`, in transfers of at most 512 bytes (RW-9). */
  fill(address: bigint, value: number, length: number, attrs: MemTxAttrs = NO_ATTRS): MemTxResult {
    checkLength('a fill', `with ${value}`, address, length)
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
    let known = this.pages.wide
    let at = known.wordAt(low, high)
    if (at === 0) {
      at = known.wordBehind(low, READ)
      known = known.behind
    }
    let result: MemTxResult = OK
    if (at > 0 && (low & 7) === 0) {
      const { words } = known
      into[0] = words[at] as number
      into[1] = words[at + 1] as number
    } else {
      result = this.#searched.loadWords(low, high, into, attrs ?? NOTHING_SAID)
    }
    if (order !== undefined && !this.#isLittle(order)) swapWords(into)
    return result
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
    const isLittle = order === undefined || this.#isLittle(order)
    const first = isLittle ? low : swapped(high, 4)
    const second = isLittle ? high : swapped(low, 4)
    let known = this.pages.wide
    let at = known.wordAt(place, upper)
    if (at === 0) {
      at = known.wordBehind(place, WRITE)
      known = known.behind
    }
    if (at > 0 && (place & 7) === 0 && known.takesWrites) {
      const { words } = known
      words[at] = first
      words[at + 1] = second
      return OK
    }
    return this.#searched.storeWords(place, upper, first, second, attrs ?? NOTHING_SAID)
  }

  #load(address: bigint, size: number, order: Endianness | undefined, attrs: MemTxAttrs | undefined): number {
    address64[0] = address
    const low = address32[0] as number
    const high = address32[1] as number
    const { pages } = this
    let known = pages.wide
    let at = known.wordAt(low, high)
    if (at < 0) {
      const slot = pages.find(low, high)
      const port = slot?.port
      if (slot !== undefined && port !== undefined && (port.plain & size) !== 0) {
        const offset = slot.base + (low & (PAGE_SIZE - 1))
        if ((offset & (size - 1)) === 0 && offset >= 0) {
          const value = this.#loadPlain(port, offset, size, attrs)
          return port.little === (order === undefined || this.#isLittle(order)) ? value : swapped(value, size)
        }
      }
    } else if (at === 0) {
      at = known.wordBehind(low, READ)
      known = known.behind
    }
    let value: number
    if (at > 0 && (low & (size - 1)) === 0) {
      this.loadResult = OK
      value = size === 4 ? (known.words[at] as number) >>> 0 : numberAt(known.bytes, at * 4 + (low & 3), size)
    } else {
      value = this.#searched.load(low, high, size, attrs ?? NOTHING_SAID)
      this.loadResult = this.#searched.result
    }
    return order === undefined || this.#isLittle(order) ? value : swapped(value, size)
  }

  /** Loads a number from registers, in their order. */
  #loadPlain(port: MmioPort, offset: number, size: number, attrs: MemTxAttrs | undefined): number {
    const contexts = this.#contexts
    const context = contexts.enter(attrs ?? NOTHING_SAID)
    if (context === undefined) {
      this.loadResult = MemTx.accessError
      return 0
    }
    try {
      const value = port.load(offset, size, context)
      this.loadResult = context.result
      return value
    } finally {
      contexts.leave()
    }
  }

  #store(address: bigint, size: number, value: number, order: Endianness | undefined, attrs: MemTxAttrs): MemTxResult {
    address64[0] = address
    const low = address32[0] as number
    const high = address32[1] as number
    const isLittle = order === undefined || this.#isLittle(order)
    const slot = this.pages.find(low, high)
    const port = slot?.port
    if (slot !== undefined && port !== undefined && (port.plain & size) !== 0) {
      const offset = slot.base + (low & (PAGE_SIZE - 1))
      if ((offset & (size - 1)) === 0 && offset >= 0) {
        const number = size === 4 ? value >>> 0 : size === 2 ? value & 0xffff : value & 0xff
        return this.#storePlain(port, offset, size, port.little === isLittle ? number : swapped(number, size), attrs)
      }
    }
    return this.#searched.store(low, high, size, isLittle ? value : swapped(value, size), attrs)
  }

  /** Stores a number in registers, in their order. */
  #storePlain(port: MmioPort, offset: number, size: number, value: number, attrs: MemTxAttrs): MemTxResult {
    const contexts = this.#contexts
    const context = contexts.enter(attrs)
    if (context === undefined) return MemTx.accessError
    try {
      return port.store(offset, size, value, context)
    } finally {
      contexts.leave()
    }
  }

  #isLittle(order: Endianness): boolean {
    return order === 'little' || (order === 'native' && this.#nativeLittle)
  }
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
