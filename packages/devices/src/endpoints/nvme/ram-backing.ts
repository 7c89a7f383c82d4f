import { HostbridgeError } from '@hostbridge/core'
import type { BackingResult, BlockBacking } from './block-backing.ts'

export interface RamBackingOptions {
  /** Bytes that may be taken at most; as many as the backing has, but not more than 1 GiB, unless told. */
  readonly limit?: number
}

/** Bytes are made by so many. */
const CHUNK_SIZE = 2 ** 16

/** What chunks read that were never written; nobody writes here. */
const ZEROS = new Uint8Array(CHUNK_SIZE)

const GIGABYTE = 2 ** 30

/**
 * Blocks in memory, which take what has been written to them: a guest cannot make them take more than the limit.
 *
 * The chunks are of this thread alone and are given back when they are deallocated, which those of `SparseMemory` are not.
 */
export class RamBacking implements BlockBacking {
  readonly size: number
  readonly #mostChunks: number
  readonly #chunks = new Map<number, Uint8Array>()

  /** `size` is in bytes. @throws HostbridgeError `nvme.backing-size`. */
  constructor(size: number | bigint, options: RamBackingOptions = {}) {
    this.size = Number(size)
    if (!Number.isSafeInteger(this.size) || this.size < 1) {
      const message = `a disk in memory cannot have ${size} bytes: it has 1 to 2^53 - 1`
      throw new HostbridgeError('nvme.backing-size', message, { size })
    }
    this.#mostChunks = Math.ceil((options.limit ?? Math.min(this.size, GIGABYTE)) / CHUNK_SIZE)
  }

  /** Bytes that are taken. */
  get committedBytes(): number {
    return this.#chunks.size * CHUNK_SIZE
  }

  read(position: number, into: Uint8Array): BackingResult {
    for (let done = 0; done < into.length; ) {
      const piece = this.view(position + done, into.length - done)
      into.set(piece, done)
      done += piece.length
    }
    return 'done'
  }

  write(position: number, from: Uint8Array): BackingResult {
    for (let done = 0; done < from.length; ) {
      const index = Math.floor((position + done) / CHUNK_SIZE)
      const chunk = this.#chunks.get(index) ?? this.#make(index)
      if (chunk === undefined) return 'full'
      const at = (position + done) % CHUNK_SIZE
      const count = Math.min(CHUNK_SIZE - at, from.length - done)
      chunk.set(from.subarray(done, done + count), at)
      done += count
    }
    return 'done'
  }

  flush(): BackingResult {
    return 'done'
  }

  /** Costs a look at every chunk in between, or at every one that there is, whichever are fewer. */
  zero(position: number, length: number): BackingResult {
    const end = position + length
    const first = Math.floor(position / CHUNK_SIZE)
    const last = Math.floor((end - 1) / CHUNK_SIZE)
    if (last - first < this.#chunks.size) {
      for (let index = first; index <= last; index++) this.#zeroIn(index, position, end)
    } else {
      for (const index of [...this.#chunks.keys()]) this.#zeroIn(index, position, end)
    }
    return 'done'
  }

  view(position: number, length: number): Uint8Array {
    const at = position % CHUNK_SIZE
    const chunk = this.#chunks.get((position - at) / CHUNK_SIZE) ?? ZEROS
    return chunk.subarray(at, Math.min(CHUNK_SIZE, at + length))
  }

  save(): unknown {
    return Array.from(this.#chunks, ([index, bytes]) => [index, bytes.slice()] as const).sort(([a], [b]) => a - b)
  }

  restore(state: unknown): void {
    this.#chunks.clear()
    for (const [index, bytes] of state as [number, Uint8Array][]) this.#chunks.set(index, bytes.slice())
  }

  #zeroIn(index: number, position: number, end: number): void {
    const start = index * CHUNK_SIZE
    const from = Math.max(position - start, 0)
    const to = Math.min(end - start, CHUNK_SIZE)
    if (from >= to) return
    // A last chunk may reach past the end of the disk: nothing is there.
    if (from === 0 && start + to >= Math.min(start + CHUNK_SIZE, this.size)) this.#chunks.delete(index)
    else this.#chunks.get(index)?.fill(0, from, to)
  }

  #make(index: number): Uint8Array | undefined {
    if (this.#chunks.size >= this.#mostChunks) return undefined
    const chunk = new Uint8Array(CHUNK_SIZE)
    this.#chunks.set(index, chunk)
    return chunk
  }
}
