import { PAGE_SIZE } from '../address/page-frame.ts'
import { HostbridgeError } from '../errors.ts'
import { CHUNK_SIZE, ChunkArena } from './chunk-arena.ts'
import { numberAt, putNumber, type SharedMemoryHandle, SparseMemory } from './sparse-memory.ts'

/** Memory that consists of bytes of the caller, one beside the other: whoever holds them sees every write at once. */
export class CallerMemory extends SparseMemory {
  readonly bytes: Uint8Array

  /** At least one byte. */
  constructor(bytes: Uint8Array | SharedArrayBuffer) {
    // The directory of sparse memory is never used.
    super(BigInt(bytes.byteLength), {}, ChunkArena.attach(new SharedArrayBuffer(4)))
    this.bytes = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)
  }

  /** All of it, always. */
  override get committedBytes(): number {
    return this.bytes.length
  }

  override readAt(frame: number, offset: number, into: Uint8Array, position: number, length: number): void {
    const from = frame * PAGE_SIZE + offset
    into.set(this.bytes.subarray(from, from + length), position)
  }

  override writeAt(frame: number, offset: number, source: Uint8Array, position: number, length: number): boolean {
    this.bytes.set(source.subarray(position, position + length), frame * PAGE_SIZE + offset)
    return true
  }

  /** All of them, always. */
  override *chunks(): Generator<readonly [chunk: number, bytes: Uint8Array], void, undefined> {
    for (let from = 0; from < this.bytes.length; from += CHUNK_SIZE) {
      yield [from / CHUNK_SIZE, this.bytes.subarray(from, from + CHUNK_SIZE)]
    }
  }

  /** There is no directory. */
  override nodeOf(_frame: number): number {
    return 0
  }

  override load(frame: number, offset: number, size: number): number {
    return numberAt(this.bytes, frame * PAGE_SIZE + offset, size)
  }

  override store(frame: number, offset: number, size: number, value: number): boolean {
    putNumber(this.bytes, frame * PAGE_SIZE + offset, size, value)
    return true
  }

  override loadWords(frame: number, offset: number, into: Uint32Array): void {
    into[0] = this.load(frame, offset, 4)
    into[1] = this.load(frame, offset + 4, 4)
  }

  override viewAt(frame: number, offset: number, length: number): Uint8Array {
    const from = frame * PAGE_SIZE + offset
    return this.bytes.subarray(from, from + length)
  }

  /** Makes all bytes 0. */
  override clear(): void {
    this.bytes.fill(0)
  }

  /** @throws HostbridgeError `memory.not-shareable`: hand over the buffer itself. */
  override share(): SharedMemoryHandle {
    throw new HostbridgeError(
      'memory.not-shareable',
      `memory over ${this.bytes.length} bytes of the caller has no handle: hand their SharedArrayBuffer to the other thread`,
      { size: this.size },
    )
  }
}
