import type { EntryListModel } from './entry-list-model.ts'

export interface Told {
  iova: bigint
  to: bigint
  size: bigint
  permission: number
}

interface Window {
  readonly size: bigint
  readonly granularity: bigint
  readonly start: bigint
  readonly last: bigint
  readonly wanted: number
}

/**
 * The stepping loop of QEMU's `memory_region_iommu_replay` (RP-2), with the corrections: an entry is told once, cut to the
 * notifier's range, its target advanced. It begins at the last step before the first mapping: nothing is mapped before.
 */
export function replayByStepping(table: EntryListModel, { size, granularity, start, last, wanted }: Window): Told[] {
  const firstMapped = Math.min(...table.entries.map((entry) => entry.first))
  const lastMapped = Math.max(...table.entries.map((entry) => entry.first + entry.frames - 1))
  const told: Told[] = []
  let before: unknown
  if (table.entries.length === 0) return told
  const first = (BigInt(firstMapped) * 4096n) / granularity
  for (let address = first * granularity; address < size; address += granularity) {
    if (address > BigInt(lastMapped) * 4096n + 4095n) break
    const entry = table.around(Number(address / 4096n))
    if (entry === undefined || entry === before || (entry.permission & wanted) === 0) continue
    before = entry
    const iova = BigInt(entry.first) * 4096n
    const end = iova + BigInt(entry.frames) * 4096n - 1n
    const from = iova > start ? iova : start
    const to = end < last ? end : last
    if (from > to) continue
    const target = BigInt(entry.target) * 4096n + from - iova
    told.push({ iova: from, to: target, size: to - from + 1n, permission: entry.permission })
  }
  return told
}

/** Merges what follows each other, with the same permission and the same size of entries. */
export function mergeTold(table: EntryListModel, told: readonly Told[]): Told[] {
  const merged: (Told & { shift: number })[] = []
  for (const next of told) {
    const shift = table.around(Number(next.iova / 4096n))?.shift as number
    const run = merged.at(-1)
    const follows =
      run !== undefined &&
      run.iova + run.size === next.iova &&
      run.to + run.size === next.to &&
      run.permission === next.permission &&
      run.shift === shift
    if (follows) run.size += next.size
    else merged.push({ ...next, shift })
  }
  return merged.map(({ iova, to, size, permission }) => ({ iova, to, size, permission }))
}
