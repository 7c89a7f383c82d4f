import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { InstantHeap } from '../../src/time/instant-heap.ts'
import { SlotTable } from '../../src/time/slot-table.ts'

function tableOf(entries: readonly { rank: number; sequence: number }[]): SlotTable {
  const table = new SlotTable()
  for (const { rank, sequence } of entries) {
    const slot = table.take(rank)
    table.floats[slot << 1] = 7
    table.floats[(slot << 1) + 1] = sequence
  }
  return table
}

const entry = fc.record({ rank: fc.integer({ min: -3, max: 3 }), sequence: fc.nat(1000) })

describe('InstantHeap', () => {
  test.prop({
    entries: fc.uniqueArray(entry, { maxLength: 60, selector: ({ rank, sequence }) => `${rank}/${sequence}` }),
    removed: fc.array(fc.nat(59), { maxLength: 20 }),
  })('gives slots by rank and sequence, whatever came in between and was taken out', ({ entries, removed }) => {
    const table = tableOf(entries)
    const heap = new InstantHeap(table)
    const gone = new Set(removed)

    for (const slot of entries.keys()) heap.add(slot)
    for (const slot of entries.keys()) if (gone.has(slot)) heap.remove(slot)
    const order: number[] = []
    for (let slot = heap.first; slot >= 0; slot = heap.first) {
      order.push(slot)
      heap.remove(slot)
    }

    const left = [...entries.keys()].filter((slot) => !gone.has(slot))
    expect(order).toEqual(left.sort((a, b) => (table.before(a, b) ? -1 : 1)))
    expect(heap.size).toBe(0)
  })

  test('takes so little of sequence numbers that fall that a long burst of them ends', () => {
    const entries = Array.from({ length: 20_000 }, (_, index) => ({ rank: 0, sequence: -index }))
    const heap = new InstantHeap(tableOf(entries))

    for (const slot of entries.keys()) heap.add(slot)

    expect([heap.size, heap.first, heap.slots.length]).toEqual([20_000, 19_999, 20_000])
  })
})
