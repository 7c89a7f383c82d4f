/** log2 of a chunk in bytes: large enough that a page is never cut, small enough that scattered writes stay cheap. */
export const CHUNK_SHIFT = 16

/** Bytes of a chunk. */
export const CHUNK_SIZE: number = 2 ** CHUNK_SHIFT

/** How far an arena may grow unless told: address space only, pages are committed when they are touched. */
const MOST_BYTES = 2 ** 40

/** What a host reserves at least, however small its address space. */
const LEAST_BYTES = 2 ** 26

const FIRST_SLOTS = 4
const GROWTH_LIMIT = 2 ** 30

/** Word 0 of slot 0 counts the slots that are taken; what follows in slot 0 is free for the owner of the arena. */
const TAKEN = 0

/**
 * Zeroed chunks in one growable SharedArrayBuffer: whoever has the buffer sees what others take later.
 *
 * Views have a fixed length, because views that follow the buffer's length are slow; {@link refresh} makes them anew.
 * Slots are taken with atomics: threads may take at the same time.
 */
export class ChunkArena {
  readonly buffer: SharedArrayBuffer
  bytes: Uint8Array
  words: Uint32Array
  /** The same as signed words. */
  signedWords: Int32Array
  /** Slots that the views reach. */
  slots: number

  private constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    this.bytes = new Uint8Array(0)
    this.words = new Uint32Array(0)
    this.signedWords = new Int32Array(0)
    this.slots = 0
    this.refresh()
  }

  /** Makes an arena that may grow to `slots` chunks, or as far as the host goes; slot 0 is taken by the header. */
  static create(slots: number): ChunkArena {
    const arena = new ChunkArena(growable(Math.min(slots * CHUNK_SIZE, MOST_BYTES)))
    arena.words[TAKEN] = 1
    return arena
  }

  /** The arena in a buffer that another thread made. */
  static attach(buffer: SharedArrayBuffer): ChunkArena {
    return new ChunkArena(buffer)
  }

  /** Slots taken so far, the header included. */
  get taken(): number {
    return Atomics.load(this.words, TAKEN)
  }

  /** Takes a zeroed slot and returns its number, or 0 where the host has no more memory. */
  take(): number {
    for (;;) {
      const slot = Atomics.load(this.words, TAKEN)
      if (!this.reach(slot + 1)) return 0
      if (Atomics.compareExchange(this.words, TAKEN, slot, slot + 1) === slot) return slot
    }
  }

  /** Zeroes everything and gives all slots but the header back. No other thread may use the arena meanwhile. */
  clear(): void {
    this.refresh()
    this.bytes.fill(0, 0, this.taken * CHUNK_SIZE)
    this.words[TAKEN] = 1
  }

  /** Makes the views as long as the buffer is now. */
  refresh(): void {
    const length = this.buffer.byteLength
    this.bytes = new Uint8Array(this.buffer, 0, length)
    this.words = new Uint32Array(this.buffer, 0, length / 4)
    this.signedWords = new Int32Array(this.buffer, 0, length / 4)
    this.slots = Math.floor(length / CHUNK_SIZE)
  }

  /** Sees to it that `slots` slots exist and the views reach them; false where the buffer cannot grow so far. */
  private reach(slots: number): boolean {
    while (this.slots < slots) {
      const { byteLength, maxByteLength } = this.buffer
      if (
        byteLength < slots * CHUNK_SIZE &&
        !this.grow(byteLength + Math.min(byteLength, GROWTH_LIMIT), maxByteLength)
      ) {
        return false
      }
      this.refresh()
    }
    return true
  }

  private grow(wanted: number, most: number): boolean {
    if (this.buffer.byteLength >= most) return false
    try {
      this.buffer.grow(Math.min(wanted, most))
      return true
    } catch {
      // Another thread was faster (then it is longer than it was), or the host refuses.
      return this.buffer.byteLength >= Math.min(wanted, most)
    }
  }
}

function growable(wanted: number): SharedArrayBuffer {
  for (let most = wanted; ; most = Math.ceil(most / 2 / CHUNK_SIZE) * CHUNK_SIZE) {
    try {
      const first = Math.min(FIRST_SLOTS * CHUNK_SIZE, most)
      return new SharedArrayBuffer(first, { maxByteLength: most })
    } catch (cause) {
      if (most <= LEAST_BYTES) throw cause
    }
  }
}
