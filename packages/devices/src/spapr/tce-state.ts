import { HostbridgeError } from '@hostbridge/core'
import { hex } from '@hostbridge/core/address'
import { BLOCK_ENTRIES, LinearTable, segmentWords } from '@hostbridge/core/iommu'
import type { TceTable } from './tce-table.ts'
import type { TceWindow } from './tce-window.ts'

/** Consecutive entries, each as two 32-bit words, the lower one first. */
interface SavedBlock {
  readonly first: number
  readonly words: Int32Array
}

/** A TCE table as data that `structuredClone` takes. */
export interface SavedTable {
  readonly liobn: number
  readonly isDefault: boolean
  readonly window: TceWindow | undefined
  /** Everything that is not 0, what permits nothing among it: H_GET_TCE tells a guest every bit. */
  readonly blocks: readonly SavedBlock[]
}

/** Copies a table. Costs a look at every entry of memory that was ever made for it. */
export function saveTable(table: TceTable): SavedTable {
  const { liobn, isDefault, window } = table
  const blocks: SavedBlock[] = []
  for (const segment of window === undefined ? [] : table.source().segments) {
    const words = segmentWords(segment)
    for (let entry = 0; entry < segment.entries; entry += BLOCK_ENTRIES) {
      const block = words.subarray(2 * entry, 2 * (entry + BLOCK_ENTRIES))
      if (block.some((word) => word !== 0)) blocks.push({ first: segment.first + entry, words: Int32Array.from(block) })
    }
  }
  return { liobn, isDefault, window, blocks }
}

/**
 * Brings a table to a saved state. Whoever listens to its bus sees the window go and come back with all that is mapped.
 *
 * @throws HostbridgeError `spapr.state` for the state of another LIOBN (TC-12).
 * @throws MappingRefusedError where a listener refuses the window; the table is disabled then.
 */
export function restoreTable(table: TceTable, saved: SavedTable): void {
  if (saved.liobn !== table.liobn) {
    const message = `'${table.name}' cannot take the state of LIOBN ${hex(saved.liobn)}: plug the same bridges first`
    throw new HostbridgeError('spapr.state', message, { liobn: table.liobn, saved: saved.liobn })
  }
  table.disable()
  table.isDefault = saved.isDefault
  if (saved.window === undefined) return
  const { entries, pageShift } = saved.window
  const tces = new LinearTable({ entries, pageShift })
  for (const { first, words } of saved.blocks) {
    for (let at = 0; at < words.length && first + at / 2 < entries; at += 2) {
      tces.set(first + at / 2, (words[at + 1] as number) >>> 0, (words[at] as number) >>> 0)
    }
  }
  table.enable(saved.window, tces)
}
