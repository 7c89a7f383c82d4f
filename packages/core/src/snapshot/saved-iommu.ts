import { LAST_FRAME } from '../address/page-frame.ts'
import { HostbridgeError } from '../errors.ts'
import { PageTableIommu } from '../iommu/page-table-iommu.ts'
import { RUN_LANES, runPermission, runShift } from '../iommu/run.ts'
import type { Machine } from '../machine/machine.ts'
import { byName, reachableRegions } from './reachable-regions.ts'

/** The mappings of a {@link PageTableIommu}, which needs no device to save them. */
export interface SavedIommu {
  /** As {@link iommusOf} has it. */
  readonly name: string
  /** Ascending, `RUN_LANES` numbers each. */
  readonly runs: Float64Array<ArrayBuffer>
}

/** The page-table IOMMUs that the address spaces of a machine lead to, by name, ascending. */
export function iommusOf(machine: Machine): Map<string, PageTableIommu> {
  const found = new Map<PageTableIommu, string>()
  for (const region of reachableRegions(machine)) {
    const { translator } = region as { readonly translator?: unknown }
    if (translator instanceof PageTableIommu) found.set(translator, translator.name)
  }
  return byName(found)
}

export function saveIommu(name: string, iommu: PageTableIommu): SavedIommu {
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
  return { name, runs }
}

/**
 * Makes the saved mappings the only ones, entry by entry as they were. Notifiers are not told: containers replay when their
 * devices are restored.
 *
 * @throws HostbridgeError `snapshot.no-memory` where its table is smaller than that of the saved one.
 */
export function restoreIommu({ table }: PageTableIommu, { name, runs }: SavedIommu): void {
  table.unmap(0, LAST_FRAME + 1)
  for (let at = 0; at < runs.length; at += RUN_LANES) {
    const [frame = 0, frames = 0, target = 0, meta = 0] = runs.subarray(at, at + RUN_LANES)
    const [refused] = table.map(frame, frames, target, runPermission(meta), runShift(meta)) ?? []
    if (refused === undefined) continue
    const message = `the mappings of IOMMU '${name}' cannot be restored: ${refused.reason}; give it as much as it had`
    throw new HostbridgeError('snapshot.no-memory', message, { iommu: name, iova: refused.iova })
  }
}
