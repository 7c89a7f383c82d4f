import { HostbridgeError } from '@hostbridge/core'
import { hex } from '@hostbridge/core/address'
import type { TceTable } from './tce-table.ts'

/** The TCE tables of a machine by logical IO bus number: what a guest's hypercalls name them by. */
export class LiobnTable {
  readonly #tables = new Map<number, TceTable>()

  /** @throws HostbridgeError `spapr.liobn` where another table has the number (TC-11). */
  add(table: TceTable): void {
    const other = this.#tables.get(table.liobn)
    if (other !== undefined) {
      throw new HostbridgeError(
        'spapr.liobn',
        `LIOBN ${hex(table.liobn)} of '${table.name}' is that of '${other.name}': give the host bridge an index of its own`,
        { liobn: table.liobn, table: table.name, other: other.name },
      )
    }
    this.#tables.set(table.liobn, table)
  }

  delete(table: TceTable): void {
    if (this.#tables.get(table.liobn) === table) this.#tables.delete(table.liobn)
  }

  /** The table of a number as a guest gives it, 64 bits wide: one with any of bits 63..32 set names none (TC-11). */
  find(liobn: bigint | number): TceTable | undefined {
    return this.#tables.get(Number(liobn))
  }

  /** Ascending by number. */
  [Symbol.iterator](): IterableIterator<TceTable> {
    return [...this.#tables.values()].sort((a, b) => a.liobn - b.liobn)[Symbol.iterator]()
  }
}
