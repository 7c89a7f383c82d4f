import { PAGE_SHIFT } from '../address/page-frame.ts'
import { hex } from '../address/range.ts'
import { HostbridgeError } from '../errors.ts'
import { PageTableIommu } from '../iommu/page-table-iommu.ts'
import type { Machine } from '../machine/machine.ts'
import type { MemoryRegion } from '../memory/memory-region.ts'
import { byPlace } from './reachable-regions.ts'
import { type FoundIommu, iommusOf } from './saved-iommu.ts'
import { memoriesOf } from './saved-memory.ts'

/** What a machine is made of, as far as a snapshot of it depends on that. */
export interface Composition {
  /** Each before its children, siblings in the order of plugging. */
  readonly devices: readonly { readonly path: string; readonly name: string }[]
  /** Ascending by name. */
  readonly memories: readonly { readonly name: string; readonly size: bigint }[]
  /** IOMMUs that no device saves, ascending by name, with the sizes of their windows and pages. */
  readonly iommus: readonly string[]
  /** Every region of every address space, siblings ascending by address: where it is, its kind and name. */
  readonly regions: readonly string[]
}

export function compositionOf(machine: Machine): Composition {
  return {
    devices: Array.from(machine.devices(), ({ path, name }) => ({ path, name })),
    memories: Array.from(memoriesOf(machine), ([name, { size }]) => ({ name, size })),
    iommus: Array.from(iommusOf(machine), ([name, iommu]) => nameIommu(name, iommu)),
    regions: machine.memory.spaces.flatMap(({ name, root }) => [...regionLines(`${name}:`, root)]),
  }
}

/** @throws HostbridgeError `snapshot.foreign` naming the first device that lacks, is too much, or is another than the saved one. */
export function checkDevices(machine: Machine, wanted: Composition['devices']): void {
  const found = new Map(Array.from(machine.devices(), ({ path, name }) => [path, name]))
  for (const { path, name } of wanted) {
    if (found.get(path) === name) continue
    throw foreign(machine, `a device at '${path}'`, nameDevice(found.get(path)), nameDevice(name))
  }
  const saved = new Set(wanted.map(({ path }) => path))
  for (const [path, name] of found) {
    if (!saved.has(path)) throw foreign(machine, `a device at '${path}'`, nameDevice(name), nameDevice(undefined))
  }
}

/** @throws HostbridgeError `snapshot.foreign` naming the first memory that differs. */
export function checkMemories(machine: Machine, wanted: Composition['memories']): void {
  const found = compositionOf(machine).memories
  for (let index = 0; index < Math.max(found.length, wanted.length); index++) {
    const [here, there] = [found[index], wanted[index]]
    if (here !== undefined && here.name === there?.name && here.size === there.size) continue
    throw foreign(machine, `memory ${index}`, nameMemory(here), nameMemory(there))
  }
}

/** @throws HostbridgeError `snapshot.foreign` naming the first IOMMU that differs. */
export function checkIommus(machine: Machine, wanted: Composition['iommus']): void {
  checkLines(machine, 'IOMMU', compositionOf(machine).iommus, wanted)
}

/** @throws HostbridgeError `snapshot.foreign` naming the first region that differs. */
export function checkRegions(machine: Machine, wanted: Composition['regions']): void {
  checkLines(machine, 'region', compositionOf(machine).regions, wanted)
}

function checkLines(machine: Machine, what: string, found: readonly string[], wanted: readonly string[]): void {
  for (let index = 0; index < Math.max(found.length, wanted.length); index++) {
    if (found[index] === wanted[index]) continue
    throw foreign(machine, `${what} ${index}`, found[index] ?? 'no further one', wanted[index] ?? 'no further one')
  }
}

function foreign(machine: Machine, what: string, here: string, there: string): HostbridgeError {
  return new HostbridgeError(
    'snapshot.foreign',
    `the snapshot is of another composition than machine '${machine.name}': ${what} is ${there} there and ${here} here; ` +
      'compose the machine as the saved one was',
    { machine: machine.name, what, here, there },
  )
}

function nameDevice(name: string | undefined): string {
  return name === undefined ? 'missing' : `'${name}'`
}

function nameMemory(memory: Composition['memories'][number] | undefined): string {
  return memory === undefined ? 'none' : `'${memory.name}' of ${hex(memory.size)} bytes`
}

function nameIommu(name: string, { region, translator }: FoundIommu): string {
  const shifts = translator instanceof PageTableIommu ? translator.table.shifts : [translator.pageShift ?? PAGE_SHIFT]
  return `'${name}' of ${hex(region.size)} bytes in pages of 2^${shifts.join(', 2^')}`
}

function* regionLines(before: string, region: MemoryRegion): Generator<string, void, undefined> {
  const { address, size, kind, name, priority, enabled } = region
  yield `${before} ${kind} '${name}' ${hex(address)}+${hex(size)} priority ${priority}${enabled ? '' : ' disabled'}`
  for (const child of [...region.children].sort(byPlace)) yield* regionLines(`${before}/`, child)
}
