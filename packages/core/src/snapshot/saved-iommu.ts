import { LAST_FRAME } from '../address/page-frame.ts'
import { HostbridgeError } from '../errors.ts'
import { PageTableIommu } from '../iommu/page-table-iommu.ts'
import { RUN_LANES, runPermission, runShift } from '../iommu/run.ts'
import type { Machine } from '../machine/machine.ts'
import { IommuRegion } from '../memory/iommu-region.ts'
import type { Translator } from '../memory/translator.ts'
import { byName, reachableRegions } from './reachable-regions.ts'

// Part of every JavaScript host, though not of the language's own library.
declare function structuredClone<T>(value: T): T

/** What an IOMMU translates by, which needs no device to save it. */
export interface SavedIommu {
  /** As {@link iommusOf} has it. */
  readonly name: string
  /** Of a {@link PageTableIommu} its mappings, ascending, `RUN_LANES` numbers each; else nothing. */
  readonly runs: Float64Array<ArrayBuffer>
  /** What it has saved by itself; see `Translator.save`. */
  readonly state: unknown
}

/** An IOMMU that the address spaces of a machine lead to and no device saves. */
export interface FoundIommu {
  readonly region: IommuRegion
  readonly translator: Translator
}

/** Those IOMMUs by name, ascending. */
export function iommusOf(machine: Machine): Map<string, FoundIommu> {
  const seen = new Set<Translator>()
  const found = new Map<FoundIommu, string>()
  for (const region of reachableRegions(machine)) {
    if (!(region instanceof IommuRegion)) continue
    const { translator } = region
    if (translator.savedByDevice === true || seen.has(translator)) continue
    seen.add(translator)
    found.set({ region, translator }, region.name)
  }
  return byName(found)
}

/**
 * @throws HostbridgeError `snapshot.unsaved-iommu` for one that nobody can bring back, `snapshot.iommu-state` for a state that
 *   cannot be cloned, with the reason as its cause.
 */
export function saveIommu(name: string, { translator }: FoundIommu): SavedIommu {
  const own = hasState(translator)
  if (!own && !(translator instanceof PageTableIommu)) throw unsaved(name)
  const runs = translator instanceof PageTableIommu ? runsOf(translator) : new Float64Array()
  return { name, runs, state: own ? cloneState(name, translator.save()) : undefined }
}

/**
 * Makes the saved mappings the only ones, entry by entry as they were. Notifiers are not told: containers replay when their
 * devices are restored.
 *
 * @throws HostbridgeError `snapshot.no-memory` where its table is smaller than that of the saved one.
 */
export function restoreIommu({ translator }: FoundIommu, { name, runs, state }: SavedIommu): void {
  if (translator instanceof PageTableIommu) mapRuns(translator, name, runs)
  if (hasState(translator)) translator.restore(structuredClone(state))
}

function runsOf(iommu: PageTableIommu): Float64Array<ArrayBuffer> {
  const batches: Float64Array[] = []
  const cursor = iommu.runs(0, LAST_FRAME)
  for (let count = cursor.next(); count > 0; count = cursor.next()) {
    batches.push(cursor.runs.slice(0, count * RUN_LANES))
  }
  const runs = new Float64Array(batches.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const batch of batches) {
    runs.set(batch, at)
    at += batch.length
  }
  return runs
}

function mapRuns({ table }: PageTableIommu, name: string, runs: Float64Array): void {
  table.unmap(0, LAST_FRAME + 1)
  for (let at = 0; at < runs.length; at += RUN_LANES) {
    const [frame = 0, frames = 0, target = 0, meta = 0] = runs.subarray(at, at + RUN_LANES)
    const [refused] = table.map(frame, frames, target, runPermission(meta), runShift(meta)) ?? []
    if (refused === undefined) continue
    const message = `the mappings of IOMMU '${name}' cannot be restored: ${refused.reason}; give it as much as it had`
    throw new HostbridgeError('snapshot.no-memory', message, { iommu: name, iova: refused.iova })
  }
}

function hasState(translator: Translator): translator is Translator & Required<Pick<Translator, 'save' | 'restore'>> {
  return translator.save !== undefined && translator.restore !== undefined
}

function cloneState(name: string, state: unknown): unknown {
  try {
    return structuredClone(state)
  } catch (cause) {
    const message = `the state of IOMMU '${name}' cannot be saved: let its save() return plain data`
    throw new HostbridgeError('snapshot.iommu-state', message, { iommu: name }, { cause })
  }
}

function unsaved(name: string): HostbridgeError {
  return new HostbridgeError(
    'snapshot.unsaved-iommu',
    `a snapshot would lose what IOMMU '${name}' has mapped: give it save() and restore(), or set its savedByDevice where a ` +
      'device has that in its own state',
    { iommu: name },
  )
}
