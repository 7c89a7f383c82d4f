import { hex } from '../address/range.ts'
import { HostbridgeError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { MemoryRegion } from '../memory/memory-region.ts'
import { RamRegion } from '../memory/ram-region.ts'
import { RomDeviceRegion } from '../memory/rom-device-region.ts'
import type { SparseMemory } from '../memory/sparse-memory.ts'

/** Bytes of a chunk, the last of a memory may be shorter. */
export const SAVED_CHUNK: number = 2 ** 16

/** The contents of one memory: only chunks that are not all zero. */
export interface SavedMemory {
  /** As {@link memoriesOf} has it. */
  readonly name: string
  readonly size: bigint
  /** By chunk number, ascending. Nobody writes to them, so that snapshots share those that are equal. */
  readonly chunks: ReadonlyMap<number, Uint8Array>
}

/**
 * The memories behind a machine's regions by name: that of the region that shows it, the first by name if several do, and ` #2` and so on where several
 * have one. Ascending by name, so that it does not matter when which region was mapped.
 */
export function memoriesOf(machine: Machine): Map<string, SparseMemory> {
  const found = new Map<SparseMemory, string>()
  const seen = new Set<MemoryRegion>()
  const look = (region: MemoryRegion): void => {
    if (seen.has(region)) return
    seen.add(region)
    if (region instanceof RamRegion || region instanceof RomDeviceRegion) {
      const { memory, name } = region
      const other = found.get(memory)
      if (other === undefined || name < other) found.set(memory, name)
    }
    if (region.target !== undefined) look(region.target)
    for (const child of [...region.children].sort(byPlace)) look(child)
  }
  for (const space of machine.memory.spaces) look(space.root)
  const named = new Map<string, SparseMemory>()
  const sorted = [...found].sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0))
  for (const [memory, name] of sorted) {
    let key = name
    for (let number = 2; named.has(key); number++) key = `${name} #${number}`
    named.set(key, memory)
  }
  return named
}

/** Copies what is not zero; chunks that are as in `like`, an earlier copy, are shared with it. */
export function saveMemory(name: string, memory: SparseMemory, like?: SavedMemory): SavedMemory {
  const chunks = new Map<number, Uint8Array>()
  for (const [chunk, bytes] of memory.chunks()) {
    const before = like?.chunks.get(chunk)
    if (before !== undefined && equal(before, bytes)) chunks.set(chunk, before)
    else if (!isZero(bytes)) chunks.set(chunk, Uint8Array.from(bytes))
  }
  return { name, size: memory.size, chunks }
}

/** Makes a memory hold what was saved and zeros elsewhere. @throws HostbridgeError `snapshot.no-memory`. */
export function restoreMemory(memory: SparseMemory, { name, chunks }: SavedMemory): void {
  memory.clear()
  for (const [chunk, bytes] of chunks) {
    if (memory.write(BigInt(chunk * SAVED_CHUNK), bytes)) continue
    const at = hex(BigInt(chunk * SAVED_CHUNK))
    throw new HostbridgeError(
      'snapshot.no-memory',
      `the host has no memory for '${name}' from ${at} on: raise its limit`,
      {
        memory: name,
        chunk,
      },
    )
  }
}

/** Orders siblings by where they are, not by when they were mapped. */
export function byPlace(a: MemoryRegion, b: MemoryRegion): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1
  return a.priority - b.priority || (a.name < b.name ? -1 : 1)
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  const [left, right] = [wordsOf(a), wordsOf(b)]
  if (a.length !== b.length) return false
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false
  for (let index = left.length * 4; index < a.length; index++) if (a[index] !== b[index]) return false
  return true
}

function isZero(bytes: Uint8Array): boolean {
  const words = wordsOf(bytes)
  for (let index = 0; index < words.length; index++) if (words[index] !== 0) return false
  for (let index = words.length * 4; index < bytes.length; index++) if (bytes[index] !== 0) return false
  return true
}

/** The whole words of a chunk, whose bytes begin at a multiple of four. */
function wordsOf(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
}
