import { MemTx, type MemTxAttrs, type MemTxResult, NO_ATTRS } from './access.ts'
import type { FlatRange } from './flat-range.ts'
import type { FlatView } from './flat-view.ts'
import type { MmioAccess } from './mmio-ops.ts'
import type { PageCache } from './page-cache.ts'
import type { PermissionBits, Translation } from './translator.ts'

// Constants of this module: an imported one is looked up at every use.
const PAGE_SHIFT = 12
const PAGE_SIZE = 4096

/** Translations in a row after which an access has run in a circle, and meets nothing. */
const MOST_TRANSLATIONS = 32

/** Accesses that may wait for each other: a device that a guest lets write to its own registers must not fill the stack. */
const MOST_NESTED = 64

/**
 * One access under way: where its next piece goes, and what its callbacks see. Lent to callbacks and translators, so an
 * access allocates nothing; an access that a callback makes has a context of its own ({@link ContextStack}).
 */
export class AccessContext implements MmioAccess {
  result: MemTxResult = MemTx.ok
  attrs: MemTxAttrs = NO_ATTRS

  /** Where {@link locate} arrived; `undefined` where nothing is, or an IOMMU lets nothing through. */
  range: FlatRange | undefined = undefined
  /** The page frame in the region (in the space where there is none). */
  frame = 0
  /** The byte in that page. */
  byte = 0
  /** How many bytes follow there that are reached in the same way. */
  length = 0
  /** Where there is no range: how many bytes follow that meet nothing for the same reason; at least 1. */
  reach = 0
  /** The bytes of a single access, in the order of memory. */
  readonly bytes: Uint8Array = new Uint8Array(8)
  /** What the last translation on the way said. */
  readonly translation: Translation = { permission: 0, frame: 0, shift: PAGE_SHIFT, target: undefined }
  /** The IOMMU section that let nothing through, where that is why there is no range. */
  stoppedBy: FlatRange | undefined = undefined

  /**
   * Finds what answers `length` bytes at byte `byte` of page `frame`, through any number of IOMMUs.
   *
   * Only RAM ends with its section (LK-2); a translation is good up to the end of its entry (TE-6). `pages` remembers what has been
   * found in the newest view of the space; `view` is the one that the access began with.
   * `wanted` is what every translation on the way must permit, one bit, or none to go on where anything is permitted. `made` counts the
   * translations that the access has behind it.
   */
  locate(
    pages: PageCache,
    view: FlatView,
    frame: number,
    byte: number,
    length: number,
    wanted: PermissionBits,
    made = 0,
  ): void {
    this.stoppedBy = undefined
    let found = pages
    let here = view
    let reach = length
    for (let translations = made; ; translations++) {
      const range = found.view === here ? found.lookup(frame, byte) : here.lookup(frame, byte)
      this.range = range
      if (range === undefined) {
        reach = Math.min(reach, here.bytesToNext(frame, byte))
        break
      }
      byte += range.shiftBytes
      frame += range.shiftFrames
      if (byte >= PAGE_SIZE) {
        byte -= PAGE_SIZE
        frame++
      }
      if (range.mappable !== undefined) {
        const left = bytesToEnd(range, frame, byte)
        if (left < length) length = left
        break
      }
      if (range.translator === undefined) {
        if (range.port === undefined) reach = Math.min(reach, bytesToEnd(range, frame, byte))
        break
      }

      reach = Math.min(reach, bytesToEnd(range, frame, byte))
      const { translator } = range
      const translation = this.translation
      clearTranslation(translation)
      if (translations < MOST_TRANSLATIONS) {
        translator.translate(frame, wanted, translation, translator.attrsToIndex?.(this.attrs) ?? 0)
      }
      const { permission, target } = translation
      const left = bytesToBlockEnd(frame, byte, translation.shift)
      if (permission === 0 || (permission & wanted) !== wanted || target === undefined) {
        this.stoppedBy = range
        this.range = undefined
        reach = Math.min(reach, left)
        break
      }
      if (left < length) length = left
      frame = translation.frame
      found = target.pages
      here = found.view
    }
    this.frame = frame
    this.byte = byte
    this.length = length
    this.reach = reach
  }
}

/** A context for every access that another one is waiting for. */
export class ContextStack {
  readonly #contexts: AccessContext[] = []
  #depth = 0
  #waiting: (() => void)[] | undefined

  /** Lends a context until {@link leave}; none to an access that devices have nested without end. */
  enter(attrs: MemTxAttrs): AccessContext | undefined {
    const contexts = this.#contexts
    const depth = this.#depth
    if (depth === contexts.length) {
      if (depth === MOST_NESTED) return undefined
      contexts.push(new AccessContext())
    }
    const context = contexts[depth] as AccessContext
    this.#depth = depth + 1
    if (context.attrs !== attrs) context.attrs = attrs
    return context
  }

  leave(): void {
    this.#depth--
    if (this.#waiting !== undefined && this.#depth === 0) this.#callWaiting(this.#waiting)
  }

  /** Whether an access is under way. */
  get busy(): boolean {
    return this.#depth > 0
  }

  /** Calls back once, when no access is under way any more. */
  whenIdle(call: () => void): void {
    this.#waiting ??= []
    this.#waiting.push(call)
  }

  #callWaiting(waiting: (() => void)[]): void {
    this.#waiting = undefined
    for (const call of waiting) call()
  }
}

/** Makes it say that nothing is mapped, before it is lent to a translator. */
export function clearTranslation(translation: Translation): void {
  translation.permission = 0
  translation.shift = PAGE_SHIFT
  translation.target = undefined
}

/** Bytes from a place in the range's region to the range's end; exact below 2^53. */
function bytesToEnd(range: FlatRange, frame: number, byte: number): number {
  const frames = range.lastFrame + range.shiftFrames - frame
  return frames * PAGE_SIZE + range.lastByte + range.shiftBytes - byte + 1
}

/** Page frames of an entry of `2^shift` bytes, by shift: looked up, because powers and remainders of doubles are slow. */
const FRAMES = Float64Array.from({ length: 65 }, (_, shift) => 2 ** (shift - PAGE_SHIFT))

/** Bytes up to the end of the naturally aligned entry of `2^shift` bytes around a place. */
function bytesToBlockEnd(frame: number, byte: number, shift: number): number {
  const frames = FRAMES[shift] as number
  return (frames - (frame - Math.floor(frame / frames) * frames)) * PAGE_SIZE - byte
}
