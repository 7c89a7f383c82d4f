import { PAGE_SIZE } from '../address/page-frame.ts'
import { hex } from '../address/range.ts'
import { HostbridgeError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { LoggedRegion } from '../memory/dirty/dirty-log.ts'
import type { MemoryRegion } from '../memory/memory-region.ts'
import { RamRegion } from '../memory/ram-region.ts'
import { RomDeviceRegion } from '../memory/rom-device-region.ts'
import type { SparseMemory } from '../memory/sparse-memory.ts'
import { byName, reachableRegions } from './reachable-regions.ts'

/** Bytes of a chunk, the last of a memory may be shorter. */
export const SAVED_CHUNK: number = 2 ** 16

const FRAMES = SAVED_CHUNK / PAGE_SIZE

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
  for (const region of backedRegions(machine)) {
    const other = found.get(region.memory)
    if (other === undefined || region.name < other) found.set(region.memory, region.name)
  }
  return byName(found)
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

/** Is told of pages whose contents a restore changes; see `DirtyBlock.mark`. */
export type MarkChanged = (frame: number, length: number) => void

/** What marks the changes of a memory in the dirty bitmaps of the regions that show it, as far as somebody logs them. */
export function marksOf(machine: Machine, memory: SparseMemory): MarkChanged {
  const regions = backedRegions(machine).filter((region) => region.memory === memory && region.writeMarks !== undefined)
  return (frame, length) => {
    for (const { writeMarks, size } of regions) {
      const shown = Math.min(length, Number(size) - frame * PAGE_SIZE)
      if (shown > 0) writeMarks?.mark(frame, 0, shown)
    }
  }
}

/**
 * Makes a memory hold what was saved and zeros elsewhere. Chunks stay where they are: whoever has found one, by a cache or a
 * mapping, sees what it holds now. `changed` is told of chunks whose contents are others.
 *
 * @throws HostbridgeError `snapshot.no-memory`.
 */
export function restoreMemory(
  memory: SparseMemory,
  { name, chunks }: SavedMemory,
  changed: MarkChanged = () => {},
): void {
  const present = new Map(memory.chunks())
  for (const [chunk, bytes] of present) {
    if (chunks.has(chunk) || isZero(bytes)) continue
    bytes.fill(0)
    changed(chunk * FRAMES, bytes.length)
  }
  for (const [chunk, bytes] of chunks) {
    const before = present.get(chunk)
    if (before !== undefined && equal(before, bytes)) continue
    if (!memory.write(BigInt(chunk * SAVED_CHUNK), bytes)) throw noMemory(name, chunk)
    changed(chunk * FRAMES, bytes.length)
  }
}

/** The whole words of a chunk; a copy of it where its bytes do not begin at a multiple of four. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  const { buffer, byteOffset } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Int32Array(buffer, byteOffset, bytes.length >> 2)
}

function backedRegions(machine: Machine): LoggedRegion[] {
  const isBacked = (region: MemoryRegion) => region instanceof RamRegion || region instanceof RomDeviceRegion
  return [...reachableRegions(machine)].filter(isBacked)
}

function noMemory(name: string, chunk: number): HostbridgeError {
  const at = hex(BigInt(chunk * SAVED_CHUNK))
  const message = `the host has no memory for '${name}' from ${at} on: raise its limit`
  return new HostbridgeError('snapshot.no-memory', message, { memory: name, chunk })
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
