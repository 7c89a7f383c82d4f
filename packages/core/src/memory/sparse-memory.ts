// Long because bytes, words and single numbers are read and written by ways of their own through the same directory.
import { PAGE_SHIFT, PAGE_SIZE, splitAddress } from '../address/page-frame.ts'
import { hex } from '../address/range.ts'
import { ADDRESS_SPACE_SIZE } from '../address/units.ts'
import { HostbridgeError } from '../errors.ts'
import { CHUNK_SHIFT, CHUNK_SIZE, ChunkArena } from './chunk-arena.ts'

/** What another thread needs to see the same bytes; structured-cloneable. */
export interface SharedMemoryHandle {
  readonly kind: 'sparse-memory'
  readonly buffer: SharedArrayBuffer
  readonly size: bigint
}

export interface SparseMemoryOptions {
  /** Bytes that may be committed at most, directory included; default as far as the host goes. */
  readonly limit?: number
}

/** The directory's root is the first slot after the arena's header. */
const ROOT_SLOT = 1

/** A directory node is one chunk of 32-bit slot numbers; 0 means that nothing is there. */
const NODE_SHIFT = CHUNK_SHIFT - 2
const NODE_ENTRIES = 2 ** NODE_SHIFT

const CHUNK_BYTES = BigInt(CHUNK_SIZE)

/** Pages of 4 KiB in a chunk. */
const CHUNK_FRAMES = CHUNK_SIZE / PAGE_SIZE

/** log2 of them. */
const FRAME_SHIFT = CHUNK_SHIFT - PAGE_SHIFT

/** log2 of the words of a page. */
const PAGE_WORDS_SHIFT = PAGE_SHIFT - 2

/** Pages that the lowest directory nodes lead to, each. */
export const FRAMES_PER_NODE: number = NODE_ENTRIES * CHUNK_FRAMES

/** Up to this length a loop is faster than a view for the copy. */
const SHORT = 32

/**
 * Bytes that cost what has been written to them: a directory of chunks of 64 KiB that are made when first written.
 * Directory and chunks lie in one shared, growable buffer, so a thread that {@link attach}ed earlier finds chunks that
 * are made later. Bytes that were never written read 0 and cost nothing.
 */
export class SparseMemory {
  /** Bytes, 1 to 2^64. */
  readonly size: bigint
  readonly #arena: ChunkArena
  /** Levels of the directory: 1 up to 1 GiB, 2 up to 16 TiB, then 3 and 4. */
  readonly #levels: number

  constructor(size: bigint, options: SparseMemoryOptions = {}, arena?: ChunkArena) {
    if (typeof size !== 'bigint' || size < 1n || size > ADDRESS_SPACE_SIZE) {
      throw new HostbridgeError('memory.size', `memory cannot have ${hex(size)} bytes: it has 1 to 2^64, as a bigint`, {
        size,
      })
    }
    this.size = size
    const chunks = Number((size + CHUNK_BYTES - 1n) / CHUNK_BYTES)
    let levels = 1
    while (NODE_ENTRIES ** levels < chunks) levels++
    this.#levels = levels
    this.#arena = arena ?? createArena(chunks, levels, options.limit)
  }

  /** The memory behind a handle from {@link share}; what one side writes, the other reads. */
  static attach(handle: SharedMemoryHandle): SparseMemory {
    return new SparseMemory(handle.size, {}, ChunkArena.attach(handle.buffer))
  }

  share(): SharedMemoryHandle {
    return { kind: 'sparse-memory', buffer: this.#arena.buffer, size: this.size }
  }

  /** Bytes in chunks and directory nodes that were made by writing. */
  get committedBytes(): number {
    return (this.#arena.taken - 1 - ROOT_SLOT) * CHUNK_SIZE
  }

  /** Bytes from a place to the end of the memory; exact below 2^53. */
  bytesFrom(frame: number, offset: number): number {
    return Number(this.size) - frame * PAGE_SIZE - offset
  }

  /** Copies `into.length` bytes from `offset` on. Bytes past the end read 0. */
  read(offset: bigint, into: Uint8Array): void {
    const inside = this.#inside(offset, into.length)
    const { frame, offset: inPage } = splitAddress(offset)
    this.readAt(frame, inPage, into, 0, inside)
    into.fill(0, inside)
  }

  /** Copies `from` to `offset`; false where bytes were dropped, past the end or because the host had no memory for them. */
  write(offset: bigint, from: Uint8Array): boolean {
    const inside = this.#inside(offset, from.length)
    const { frame, offset: inPage } = splitAddress(offset)
    return this.writeAt(frame, inPage, from, 0, inside) && inside === from.length
  }

  /** As {@link read}, of `length` bytes at byte `offset` of page `frame`, to `into` from `position` on. All lie inside. */
  readAt(frame: number, offset: number, into: Uint8Array, position: number, length: number): void {
    let chunk = Math.floor(frame / CHUNK_FRAMES)
    let inChunk = (frame - chunk * CHUNK_FRAMES) * PAGE_SIZE + offset
    const end = position + length
    for (let at = position; at < end; chunk++, inChunk = 0) {
      const count = Math.min(end - at, CHUNK_SIZE - inChunk)
      const slot = this.#find(chunk)
      if (slot === 0) {
        into.fill(0, at, at + count)
      } else {
        const from = slot * CHUNK_SIZE + inChunk
        const bytes = this.#arena.bytes
        if (count <= SHORT) for (let i = 0; i < count; i++) into[at + i] = bytes[from + i] as number
        else into.set(bytes.subarray(from, from + count), at)
      }
      at += count
    }
  }

  /** As {@link write}, of `length` bytes of `source` from `position` on, to byte `offset` of page `frame`. All lie inside. */
  writeAt(frame: number, offset: number, source: Uint8Array, position: number, length: number): boolean {
    let complete = true
    let chunk = Math.floor(frame / CHUNK_FRAMES)
    let inChunk = (frame - chunk * CHUNK_FRAMES) * PAGE_SIZE + offset
    const end = position + length
    for (let at = position; at < end; chunk++, inChunk = 0) {
      const count = Math.min(end - at, CHUNK_SIZE - inChunk)
      const slot = this.#find(chunk) || this.#make(chunk)
      if (slot === 0) {
        complete = false
      } else {
        const to = slot * CHUNK_SIZE + inChunk
        const bytes = this.#arena.bytes
        if (count <= SHORT) for (let i = 0; i < count; i++) bytes[to + i] = source[at + i] as number
        else bytes.set(source.subarray(at, at + count), to)
      }
      at += count
    }
    return complete
  }

  /**
   * The chunks of 64 KiB that have been made, ascending, each with its number and its bytes: the memory's own, of which the last
   * may be fewer. Costs a look at every entry of the directory nodes that there are.
   */
  chunks(): Generator<readonly [chunk: number, bytes: Uint8Array], void, undefined> {
    return this.#chunksBelow(ROOT_SLOT, this.#levels - 1, 0)
  }

  /**
   * Where in {@link nodeWords} the directory node of a page is, 0 where there is none: the slot of chunk `c` of its pages is word `c` there,
   * and slot `s` begins at word `s * 16384`. A node stays where it is.
   */
  nodeOf(frame: number): number {
    const arena = this.#arena
    const chunk = Math.floor(frame / CHUNK_FRAMES)
    let slot = ROOT_SLOT
    for (let level = this.#levels - 1; level > 0; level--) {
      slot = arena.words[slot * NODE_ENTRIES + entryOf(chunk, level)] as number
      if (slot === 0) return 0
      if (slot >= arena.slots) arena.refresh()
    }
    return slot * NODE_ENTRIES
  }

  /** Everything as words; slots that were made later may lie behind their end. */
  get nodeWords(): Int32Array {
    return this.#arena.signedWords
  }

  /** The same as bytes. */
  get nodeBytes(): Uint8Array {
    return this.#arena.bytes
  }

  /** The little-endian number of 1, 2 or 4 bytes at byte `offset` of page `frame`; all of it lies in the page and in the memory. */
  load(frame: number, offset: number, size: number): number {
    const arena = this.#arena
    const { words } = arena
    const slot =
      this.#levels === 1
        ? (words[ROOT_SLOT * NODE_ENTRIES + (frame >>> FRAME_SHIFT)] as number)
        : this.#find(Math.floor(frame / CHUNK_FRAMES))
    if (slot >= arena.slots) arena.refresh()
    if (slot === 0) return 0
    const place = slot * CHUNK_SIZE + (frame & (CHUNK_FRAMES - 1)) * PAGE_SIZE + offset
    if (size === 4 && (offset & 3) === 0) return arena.words[place / 4] as number
    return numberAt(arena.bytes, place, size)
  }

  /** Stores the lowest `size` bytes of `value` as {@link load} loads them; false where the host has no memory for them. */
  store(frame: number, offset: number, size: number, value: number): boolean {
    const chunk = Math.floor(frame / CHUNK_FRAMES)
    const slot = this.#find(chunk) || this.#make(chunk)
    if (slot === 0) return false
    const arena = this.#arena
    const place = slot * CHUNK_SIZE + (frame & (CHUNK_FRAMES - 1)) * PAGE_SIZE + offset
    if (size === 4 && (offset & 3) === 0) arena.words[place / 4] = value
    else putNumber(arena.bytes, place, size, value)
    return true
  }

  /** The two words of the little-endian number of 8 bytes at a place, the lower one first, as {@link load} loads one of 4. */
  loadWords(frame: number, offset: number, into: Uint32Array): void {
    const arena = this.#arena
    const { words } = arena
    // The one level of a small directory is read here, and all of it is integers: this is what most accesses are.
    const slot =
      this.#levels === 1
        ? (words[ROOT_SLOT * NODE_ENTRIES + (frame >>> FRAME_SHIFT)] as number)
        : this.#find(Math.floor(frame / CHUNK_FRAMES))
    if (slot !== 0 && slot < arena.slots && (offset & 3) === 0) {
      const at = slot * NODE_ENTRIES + ((frame & (CHUNK_FRAMES - 1)) << PAGE_WORDS_SHIFT) + (offset >>> 2)
      into[0] = words[at] as number
      into[1] = words[at + 1] as number
      return
    }
    into[0] = this.load(frame, offset, 4)
    into[1] = this.load(frame, offset + 4, 4)
  }

  /**
   * Up to `length` bytes at byte `offset` of page `frame`, in place: as many as lie side by side, which is to the end of the chunk at
   * least. They are made; there are none where the host has no memory for them. All lie inside. A clear ends their use.
   */
  viewAt(frame: number, offset: number, length: number): Uint8Array {
    let chunk = Math.floor(frame / CHUNK_FRAMES)
    const inChunk = (frame - chunk * CHUNK_FRAMES) * PAGE_SIZE + offset
    const slot = this.#find(chunk) || this.#make(chunk)
    if (slot === 0) return new Uint8Array(0)
    let end = CHUNK_SIZE
    for (let next = slot + 1; end - inChunk < length; next++, end += CHUNK_SIZE) {
      chunk++
      if ((this.#find(chunk) || this.#make(chunk)) !== next) break
    }
    const start = slot * CHUNK_SIZE
    return this.#arena.bytes.subarray(start + inChunk, start + Math.min(end, inChunk + length))
  }

  /** Makes all bytes 0 again and gives the chunks back. No other thread may use the memory meanwhile. */
  clear(): void {
    this.#arena.clear()
    this.#arena.take()
  }

  *#chunksBelow(
    node: number,
    level: number,
    first: number,
  ): Generator<readonly [chunk: number, bytes: Uint8Array], void, undefined> {
    const arena = this.#arena
    for (let entry = 0; entry < NODE_ENTRIES; entry++) {
      const slot = arena.words[node * NODE_ENTRIES + entry] as number
      if (slot === 0) continue
      if (slot >= arena.slots) arena.refresh()
      const chunk = first + entry * NODE_ENTRIES ** level
      if (level > 0) {
        yield* this.#chunksBelow(slot, level - 1, chunk)
      } else {
        const length = Math.min(CHUNK_SIZE, Number(this.size - BigInt(chunk) * CHUNK_BYTES))
        yield [chunk, arena.bytes.subarray(slot * CHUNK_SIZE, slot * CHUNK_SIZE + length)]
      }
    }
  }

  /** How many of `length` bytes from `offset` on lie in the memory. */
  #inside(offset: bigint, length: number): number {
    if (offset < 0n || offset >= this.size) return 0
    const left = this.size - offset
    return left < length ? Number(left) : length
  }

  /** The slot of a chunk, 0 where none has been made. The views reach it. */
  #find(chunk: number): number {
    const arena = this.#arena
    if (this.#levels === 1) {
      const only = arena.words[ROOT_SLOT * NODE_ENTRIES + chunk] as number
      if (only >= arena.slots) arena.refresh()
      return only
    }
    let slot = ROOT_SLOT
    for (let level = this.#levels - 1; level >= 0; level--) {
      slot = arena.words[slot * NODE_ENTRIES + entryOf(chunk, level)] as number
      if (slot === 0) return 0
      if (slot >= arena.slots) arena.refresh()
    }
    return slot
  }

  /** Makes a chunk with the directory above it; 0 where the host has no memory for it. */
  #make(chunk: number): number {
    const arena = this.#arena
    let slot = ROOT_SLOT
    for (let level = this.#levels - 1; level >= 0; level--) {
      const index = slot * NODE_ENTRIES + entryOf(chunk, level)
      let next = arena.words[index] as number
      if (next === 0) {
        const made = arena.take()
        if (made === 0) return 0
        // Another thread may have made it meanwhile: then its chunk counts, and ours stays unused.
        next = Atomics.compareExchange(arena.words, index, 0, made) || made
      }
      slot = next
      if (slot >= arena.slots) arena.refresh()
    }
    return slot
  }
}

/** A little-endian number of 1, 2 or 4 bytes. */
export function numberAt(bytes: Uint8Array, place: number, size: number): number {
  const low = bytes[place] as number
  if (size === 1) return low
  const half = low | ((bytes[place + 1] as number) << 8)
  if (size === 2) return half
  return (half | ((bytes[place + 2] as number) << 16) | ((bytes[place + 3] as number) << 24)) >>> 0
}

/** Puts the lowest `size` bytes of a number where {@link numberAt} finds them. */
export function putNumber(bytes: Uint8Array, place: number, size: number, value: number): void {
  bytes[place] = value
  if (size === 1) return
  bytes[place + 1] = value >>> 8
  if (size === 2) return
  bytes[place + 2] = value >>> 16
  bytes[place + 3] = value >>> 24
}

/** Chunk numbers become entry numbers by level; powers of two, so that every product is exact. */
const ENTRIES_PER_CHUNK = [1, 1 / NODE_ENTRIES, 1 / NODE_ENTRIES ** 2, 1 / NODE_ENTRIES ** 3] as const

/** Which entry of the node of a level leads to a chunk; level 0 is the lowest. */
function entryOf(chunk: number, level: number): number {
  // Bit operations drop the fraction and see the lowest 32 bits, of which 14 count.
  return (chunk * (ENTRIES_PER_CHUNK[level] as number)) & (NODE_ENTRIES - 1)
}

function createArena(chunks: number, levels: number, limit = Number.POSITIVE_INFINITY): ChunkArena {
  const nodes = Math.ceil(chunks / (NODE_ENTRIES - 1)) + levels
  const arena = ChunkArena.create(
    Math.min(1 + ROOT_SLOT + chunks + nodes, 1 + ROOT_SLOT + Math.floor(limit / CHUNK_SIZE)),
  )
  arena.take()
  return arena
}
