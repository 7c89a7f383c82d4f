import { RUN_LANES } from '../iommu/run.ts'
import { packMemory, unpackMemory } from './memory-section.ts'
import type { SavedMemory } from './saved-memory.ts'
import { damaged, packSections, sectionsOf } from './sections.ts'
import type { Snapshot } from './snapshot.ts'
import { checkShape } from './snapshot-shape.ts'
import { readText, textSection } from './text-section.ts'

interface Described {
  readonly name: string
  readonly size: bigint
  /** Sections that its contents are cut into. */
  readonly parts: number
}

type Description = Pick<Snapshot, 'composition'> & {
  readonly memories: readonly Described[]
  /** Names. */
  readonly iommus: readonly string[]
}

/**
 * A snapshot as the bytes of a file: versioned, compressed, every byte under a checksum; see {@link packSections}.
 *
 * Sections: `composition`, `state`, `iommu states`, for each IOMMU `iommu N` with its mappings, and for each memory as many
 * `memory N.P` as it needs.
 */
export function encodeSnapshot({ composition, memories, iommus, state }: Snapshot): Uint8Array<ArrayBuffer> {
  const parts = memories.map((memory) => packMemory(memory))
  const description: Description = {
    composition,
    memories: memories.map(({ name, size }, index) => ({ name, size, parts: parts[index]?.length ?? 0 })),
    iommus: iommus.map(({ name }) => name),
  }
  return packSections([
    textSection('composition', description),
    textSection('state', state),
    textSection(
      'iommu states',
      iommus.map(({ state }) => state),
    ),
    ...iommus.map(({ runs }, index) => ({ name: `iommu ${index}`, bytes: new Uint8Array(runs.buffer) })),
    ...parts.flatMap((of, index) => of.map((bytes, part) => ({ name: memorySection(index, part), bytes }))),
  ])
}

/**
 * What {@link encodeSnapshot} has made.
 *
 * @throws HostbridgeError `snapshot.damaged` with what is wrong and where, `snapshot.version`.
 */
export function decodeSnapshot(file: Uint8Array): Snapshot {
  const section = sectionsOf(file)
  const description = readText('composition', section('composition')) as Partial<Description>
  const { composition, memories, iommus } = description ?? {}
  const states = readText('iommu states', section('iommu states'))
  const areThere = [composition?.memories, memories, iommus, states].every(Array.isArray)
  if (!areThere) throw damaged("section 'composition' lacks parts of a composition", 0)
  const snapshot = {
    composition,
    memories: memories?.map((described, index) => memoryOf(section, described, index)),
    iommus: iommus?.map((name, index) => ({
      name,
      runs: unpackRuns(name, section(`iommu ${index}`)),
      state: (states as unknown[])[index],
    })),
    state: readText('state', section('state')),
  } as Snapshot
  checkShape(snapshot)
  return snapshot
}

function memoryOf(section: (name: string) => Uint8Array, described: Described, index: number): SavedMemory {
  const { name, size, parts } = described ?? {}
  if (typeof name !== 'string' || typeof size !== 'bigint' || !Number.isSafeInteger(parts)) {
    throw damaged(`memory ${index} of section 'composition' has no name, size or parts`, 0)
  }
  const packed: Uint8Array[] = []
  for (let part = 0; part < parts; part++) packed.push(section(memorySection(index, part)))
  return unpackMemory(name, size, packed)
}

function unpackRuns(name: string, bytes: Uint8Array): Float64Array<ArrayBuffer> {
  const ofRun = 8 * RUN_LANES
  if (bytes.length % ofRun === 0) return new Float64Array(bytes.slice().buffer)
  throw damaged(`the mappings of IOMMU '${name}' are no whole number of runs`, 0)
}

function memorySection(index: number, part: number): string {
  return `memory ${index}.${part}`
}
