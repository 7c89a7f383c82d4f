import { expect, test } from 'vitest'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { SnapshotShelf } from '../../src/snapshot/snapshot-shelf.ts'

function shelfWith(count: number, capacity: number): SnapshotShelf {
  const shelf = new SnapshotShelf(capacity)
  for (let events = 1; events <= count; events++) {
    shelf.add({ events, inputs: 0, time: BigInt(events), snapshot: {} as Snapshot })
  }
  return shelf
}

test('near the present there are many, the older the fewer, and never more than the capacity', () => {
  const kept = shelfWith(10_000, 12).all.map(({ events }) => events)

  expect(kept.length).toBe(12)
  expect(kept.at(-1)).toBe(10_000)
  expect(kept).toEqual(kept.toSorted((a, b) => a - b))
  for (const [index, events] of kept.entries()) {
    const before = kept[index - 1] ?? 0
    expect(events - before).toBeLessThanOrEqual(Math.max(2, 4 * (10_000 - events + 1)))
  }
})

test('a shelf for one keeps the newest', () => {
  expect(shelfWith(9, 1).all.map(({ events }) => events)).toEqual([9])
})

test('those that come after a place are forgotten', () => {
  const shelf = shelfWith(6, 8)

  shelf.forget(({ events }) => events > 4)
  shelf.forget(({ events }) => events > 4)

  expect(shelf.all.map(({ events }) => events)).toEqual([1, 2, 3, 4])
})
