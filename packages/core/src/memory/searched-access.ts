import { MemTx, type MemTxAttrs, type MemTxResult } from './access.ts'
import { type AccessContext, type ContextStack, clearTranslation } from './access-context.ts'
import type { PageCache } from './page-cache.ts'
import { readSingle, writeSingle } from './single.ts'
import { numberAt, putNumber } from './sparse-memory.ts'
import { readTransfer, writeTransfer } from './transfer.ts'
import type { Translator } from './translator.ts'

// Constants of this module: an imported one is looked up at every use.
const PAGE_SHIFT = 12
const PAGE_SIZE = 4096
const FRAMES_PER_WORD = 2 ** 20
const OK = 0
const READ = 1
const WRITE = 2

/**
 * The accesses of a space that are not over with a look at what is known: these search the view, ask IOMMUs, and call devices
 * back. Addresses are given as two words; single accesses are in the order of memory.
 */
export class SearchedAccess {
  /** The result of the last {@link load}. */
  result: MemTxResult = MemTx.ok
  readonly #contexts: ContextStack
  readonly #pages: PageCache

  constructor(contexts: ContextStack, pages: PageCache) {
    this.#contexts = contexts
    this.#pages = pages
  }

  read(low: number, high: number, into: Uint8Array, attrs: MemTxAttrs): MemTxResult {
    const context = this.#contexts.enter(attrs)
    if (context === undefined) {
      into.fill(0)
      return MemTx.accessError
    }
    const pages = this.#pages
    const byte = low & (PAGE_SIZE - 1)
    const { translator } = pages.wide
    try {
      if (translator !== undefined && byte + into.length <= PAGE_SIZE && into.length > 0 && pages.wide.has(low, high)) {
        return this.#readThrough(translator, low, high, into, context)
      }
      return readTransfer(pages, frameOf(low, high), byte, into, context)
    } finally {
      this.#contexts.leave()
    }
  }

  write(low: number, high: number, from: Uint8Array, attrs: MemTxAttrs): MemTxResult {
    const context = this.#contexts.enter(attrs)
    if (context === undefined) return MemTx.accessError
    try {
      return writeTransfer(this.#pages, frameOf(low, high), low & (PAGE_SIZE - 1), from, context)
    } finally {
      this.#contexts.leave()
    }
  }

  /** Loads a number of 1, 2 or 4 bytes. */
  load(low: number, high: number, size: number, attrs: MemTxAttrs): number {
    const context = this.#contexts.enter(attrs)
    if (context === undefined) {
      this.result = MemTx.accessError
      return 0
    }
    const pages = this.#pages
    try {
      context.locate(pages, pages.view, frameOf(low, high), low & (PAGE_SIZE - 1), size, READ)
      this.result = readSingle(size, context)
      return numberAt(context.bytes, 0, size)
    } finally {
      this.#contexts.leave()
    }
  }

  loadWords(low: number, high: number, into: Uint32Array, attrs: MemTxAttrs): MemTxResult {
    into[0] = 0
    into[1] = 0
    const context = this.#contexts.enter(attrs)
    if (context === undefined) return MemTx.accessError
    const pages = this.#pages
    const { translator } = pages.wide
    try {
      if (translator !== undefined && (low & 7) === 0 && pages.wide.has(low, high)) {
        const there = this.#translated(translator, low, high, READ, context)
        if (there === undefined) return MemTx.decodeError
        const { frame } = context.translation
        context.locate(there, there.view, frame, low & (PAGE_SIZE - 1), 8, READ, 1)
      } else {
        context.locate(pages, pages.view, frameOf(low, high), low & (PAGE_SIZE - 1), 8, READ)
      }
      const ram = context.range?.ram
      if (ram !== undefined && context.length >= 8 && context.byte <= PAGE_SIZE - 8) {
        ram.memory.loadWords(context.frame, context.byte, into)
        return OK
      }
      const result = readSingle(8, context)
      into[0] = numberAt(context.bytes, 0, 4)
      into[1] = numberAt(context.bytes, 4, 4)
      return result
    } finally {
      this.#contexts.leave()
    }
  }

  /** Stores a number of 1, 2 or 4 bytes. */
  store(low: number, high: number, size: number, value: number, attrs: MemTxAttrs): MemTxResult {
    const context = this.#contexts.enter(attrs)
    if (context === undefined) return MemTx.accessError
    const pages = this.#pages
    putNumber(context.bytes, 0, size, value)
    try {
      context.locate(pages, pages.view, frameOf(low, high), low & (PAGE_SIZE - 1), size, WRITE)
      return writeSingle(size, context)
    } finally {
      this.#contexts.leave()
    }
  }

  storeWords(low: number, high: number, first: number, second: number, attrs: MemTxAttrs): MemTxResult {
    const pages = this.#pages
    if ((low & 7) === 0) {
      const { wide } = pages
      if (wide.putWords(low, high, first, second) || wide.putWordsBehind(low, high, first, second)) return OK
    }
    const context = this.#contexts.enter(attrs)
    if (context === undefined) return MemTx.accessError
    const { translator } = pages.wide
    const byte = low & (PAGE_SIZE - 1)
    try {
      if (translator !== undefined && (low & 7) === 0 && pages.wide.has(low, high)) {
        const there = this.#translated(translator, low, high, WRITE, context)
        if (there === undefined) return MemTx.decodeError
        const { frame } = context.translation
        if (there.wide.putWords((frame << PAGE_SHIFT) | byte, upperOf(frame), first, second)) return OK
        context.locate(there, there.view, frame, byte, 8, WRITE, 1)
      } else {
        context.locate(pages, pages.view, frameOf(low, high), byte, 8, WRITE)
      }
      putNumber(context.bytes, 0, 4, first)
      putNumber(context.bytes, 4, 4, second)
      return writeSingle(8, context)
    } finally {
      this.#contexts.leave()
    }
  }

  /** Reads a part, at least a byte, of a page of the large range behind an IOMMU. */
  #readThrough(
    translator: Translator,
    low: number,
    high: number,
    into: Uint8Array,
    context: AccessContext,
  ): MemTxResult {
    const pages = this.#pages
    const frame = frameOf(low, high)
    const byte = low & (PAGE_SIZE - 1)
    const there = this.#translated(translator, low, high, READ, context)
    if (there === undefined) {
      into.fill(0)
      return context.attrs.memory === true ? MemTx.accessError : MemTx.decodeError
    }
    context.locate(there, there.view, context.translation.frame, byte, into.length, READ, 1)
    const ram = context.range?.ram
    if (ram === undefined || context.length < into.length) {
      return readTransfer(pages, frame, byte, into, context, true)
    }
    ram.memory.readAt(context.frame, context.byte, into, 0, into.length)
    return OK
  }

  /** What a page of the large range leads to, whose frame `context.translation` then has; `undefined` where it permits no such access (TE-5). */
  #translated(
    translator: Translator,
    low: number,
    high: number,
    wanted: number,
    context: AccessContext,
  ): PageCache | undefined {
    const { translation } = context
    clearTranslation(translation)
    const index = translator.attrsToIndex === undefined ? 0 : translator.attrsToIndex(context.attrs)
    translator.translate(frameOf(low, high) + this.#pages.wide.shiftFrames, wanted, translation, index)
    return (translation.permission & wanted) === wanted ? translation.target?.pages : undefined
  }
}

/** The page frame of an address. */
function frameOf(low: number, high: number): number {
  return (high >>> 0) * FRAMES_PER_WORD + (low >>> PAGE_SHIFT)
}

/** The upper word of a page's addresses. */
function upperOf(frame: number): number {
  return frame < FRAMES_PER_WORD ? 0 : (frame / FRAMES_PER_WORD) | 0
}
