import { SAVED_CHUNK, type SavedMemory } from './saved-memory.ts'
import { damaged } from './sections.ts'

/** Chunks of a section: 64 MiB, so that a length fits 32 bits whatever a memory holds. */
const CHUNKS_OF_SECTION = 1024

/** A memory as sections, each: f64 number of chunks, f64 number of each chunk, then the chunks. */
export function packMemory({ chunks }: SavedMemory, chunksOfSection: number = CHUNKS_OF_SECTION): Uint8Array[] {
  const entries = [...chunks]
  const sections: Uint8Array[] = []
  for (let first = 0; first < entries.length; first += chunksOfSection) {
    sections.push(packChunks(entries.slice(first, first + chunksOfSection)))
  }
  return sections
}

/** What {@link packMemory} has packed. @throws HostbridgeError `snapshot.damaged`. */
export function unpackMemory(name: string, size: bigint, sections: readonly Uint8Array[]): SavedMemory {
  const chunks = new Map<number, Uint8Array>()
  let before = -1
  for (const packed of sections) {
    const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
    const count = packed.length < 8 ? Number.NaN : view.getFloat64(0, true)
    if (!Number.isInteger(count) || count < 0 || 8 + 8 * count > packed.length) throw crooked(name)
    let at = 8 + 8 * count
    for (let entry = 1; entry <= count; entry++) {
      const chunk = view.getFloat64(8 * entry, true)
      const length = Number.isInteger(chunk) && chunk > before ? lengthOf(chunk, size) : 0
      if (length === 0) throw crooked(name)
      chunks.set(chunk, packed.slice(at, at + length))
      at += length
      before = chunk
    }
    if (at !== packed.length) throw crooked(name)
  }
  return { name, size, chunks }
}

function packChunks(chunks: readonly (readonly [chunk: number, bytes: Uint8Array])[]): Uint8Array {
  const head = 8 + 8 * chunks.length
  const packed = new Uint8Array(chunks.reduce((sum, [, { length }]) => sum + length, head))
  const view = new DataView(packed.buffer)
  view.setFloat64(0, chunks.length, true)
  let at = head
  for (const [index, [chunk, bytes]] of chunks.entries()) {
    view.setFloat64(8 + 8 * index, chunk, true)
    packed.set(bytes, at)
    at += bytes.length
  }
  return packed
}

/** Bytes of a chunk of a memory, 0 for one behind its end. */
function lengthOf(chunk: number, size: bigint): number {
  const left = size - BigInt(chunk) * BigInt(SAVED_CHUNK)
  return left <= 0n ? 0 : left < SAVED_CHUNK ? Number(left) : SAVED_CHUNK
}

function crooked(name: string): Error {
  return damaged(`the contents of memory '${name}' do not fit their own length`, 0)
}
