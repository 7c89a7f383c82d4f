import type { SlotTable } from './slot-table.ts'

/** Keys above this are not exact as floats. */
const EXACT = 2 ** 53

/**
 * Returns slots sorted by time, rank and sequence. A time and the place of its slot are one number where that is exact:
 * numbers are sorted without calls. Only the entries of one instant are compared one by one.
 */
export function inOrder(slots: readonly number[], table: SlotTable): number[] {
  const count = slots.length
  const { floats } = table
  let least = Number.POSITIVE_INFINITY
  let most = 0
  for (let at = 0; at < count; at++) {
    const time = floats[(slots[at] as number) << 1] as number
    if (time < least) least = time
    if (time > most) most = time
  }
  const places = 2 ** Math.ceil(Math.log2(count + 1))
  if ((most - least + 1) * places > EXACT) return slots.toSorted((a, b) => (table.before(a, b) ? -1 : 1))
  const keys = new Float64Array(count)
  for (let at = 0; at < count; at++) {
    keys[at] = ((floats[(slots[at] as number) << 1] as number) - least) * places + at
  }
  keys.sort()
  const sorted: number[] = []
  for (let at = 0; at < count; at++) {
    const key = keys[at] as number
    sorted.push(slots[key - Math.floor(key / places) * places] as number)
  }
  sortInstants(sorted, table)
  return sorted
}

/** Sorts the entries of each instant, of slots that are in order of time. */
function sortInstants(slots: number[], table: SlotTable): void {
  for (let from = 0; from < slots.length; ) {
    const time = table.timeOf(slots[from] as number)
    let to = from + 1
    let rising = true
    for (; to < slots.length && table.timeOf(slots[to] as number) === time; to++) {
      rising &&= table.before(slots[to - 1] as number, slots[to] as number)
    }
    if (!rising) {
      const instant = slots.slice(from, to).sort((a, b) => (table.before(a, b) ? -1 : 1))
      for (let at = from; at < to; at++) slots[at] = instant[at - from] as number
    }
    from = to
  }
}
