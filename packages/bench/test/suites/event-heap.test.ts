import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { EventHeap } from '../../src/suites/event-heap.ts'

interface Entry {
  slot: number
  time: number
  rank: number
  sequence: number
}

const step = fc.record({
  does: fc.constantFrom('insert', 'insert', 'insert', 'take', 'take', 'remove', 'change', 'look'),
  which: fc.nat(),
  time: fc.oneof(fc.nat(3), fc.nat(1000)),
  rank: fc.integer({ min: -1, max: 1 }),
})

describe('EventHeap', () => {
  test.prop({ steps: fc.array(step, { minLength: 1, maxLength: 300 }) }, { numRuns: 150 })(
    'agrees with a sorted array',
    ({ steps }) => {
      const heap = new EventHeap()
      const sorted: Entry[] = []
      const sort = () => sorted.sort((a, b) => a.time - b.time || a.rank - b.rank || a.sequence - b.sequence)

      for (const [sequence, { does, which, time, rank }] of steps.entries()) {
        const entry = sorted[which % Math.max(1, sorted.length)]
        if (does === 'insert') sorted.push({ slot: heap.insert(time, rank, sequence), time, rank, sequence })
        else if (entry === undefined) continue
        else if (does === 'take') expect(heap.takeFirst()).toBe(sorted.shift()?.slot)
        else if (does === 'remove') {
          heap.remove(entry.slot)
          sorted.splice(sorted.indexOf(entry), 1)
        } else if (does === 'change') {
          heap.change(entry.slot, time, sequence)
          entry.time = time
          entry.sequence = sequence
        } else expect([heap.first, heap.timeOf(entry.slot)]).toEqual([sorted[0]?.slot, entry.time])
        sort()
        expect(heap.size).toBe(sorted.length)
      }

      expect(heap.earliest).toBe(sorted[0]?.time ?? Number.POSITIVE_INFINITY)
      expect([...heap.slots()].sort()).toEqual(sorted.map(({ slot }) => slot).sort())
      expect(sorted.map(() => heap.takeFirst())).toEqual(sorted.map(({ slot }) => slot))
    },
  )

  test('keeps every entry when it grows', () => {
    const heap = new EventHeap()
    const sorted = Array.from({ length: 500 }, (_, sequence) => {
      const [time, rank] = [(sequence * 7) % 5, (sequence * 3) % 4]
      return { slot: heap.insert(time, rank, sequence), time, rank, sequence }
    }).sort((a, b) => a.time - b.time || a.rank - b.rank || a.sequence - b.sequence)

    const taken = sorted.map(() => heap.takeFirst())

    expect(taken).toEqual(sorted.map(({ slot }) => slot))
  })

  test('reuses slots, so that they stay below the most entries there were', () => {
    const heap = new EventHeap()
    let most = 0

    for (let round = 0; round < 1000; round++) {
      most = Math.max(most, heap.insert(round, 0, round), heap.insert(round + 5, 0, round))
      heap.remove(heap.first)
      heap.takeFirst()
    }

    expect(most).toBeLessThan(3)
  })
})
