import { RUN_LANES } from '../iommu/run.ts'
import { packMemory, unpackMemory } from './memory-section.ts'
import { damaged, packSections, sectionsOf } from './sections.ts'
import type { Snapshot } from './snapshot.ts'
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
  const { composition, memories, iommus } = readText('composition', section('composition')) as Description
  const states = readText('iommu states', section('iommu states')) as readonly unknown[]
  return {
    composition,
    memories: memories.map(({ name, size, parts }, index) => {
      const packed = Array.from({ length: parts }, (_, part) => section(memorySection(index, part)))
      return unpackMemory(name, size, packed)
    }),
    iommus: iommus.map((name, index) => ({
      name,
      runs: unpackRuns(name, section(`iommu ${index}`)),
      state: states[index],
    })),
    state: readText('state', section('state')) as Snapshot['state'],
  }
}

function unpackRuns(name: string, bytes: Uint8Array): Float64Array<ArrayBuffer> {
  const ofRun = 8 * RUN_LANES
  if (bytes.length % ofRun === 0) return new Float64Array(bytes.slice().buffer)
  throw damaged(`the mappings of IOMMU '${name}' are no whole number of runs`, 0)
}

function memorySection(index: number, part: number): string {
  return `memory ${index}.${part}`
}
