import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { inOrder } from '../../src/time/in-order.ts'
import { SlotTable } from '../../src/time/slot-table.ts'

const entry = fc.record({
  time: fc.oneof(fc.nat(3), fc.nat(1000), fc.constant(2 ** 53 - 1)),
  rank: fc.integer({ min: -2, max: 2 }),
})

describe('inOrder', () => {
  test.prop({ entries: fc.array(entry, { maxLength: 80 }), far: fc.boolean() })(
    'agrees with comparing two slots at a time, however far apart their times are',
    ({ entries, far }) => {
      const table = new SlotTable()
      for (const [sequence, { time, rank }] of entries.entries()) {
        const slot = table.take(rank)
        table.floats[slot << 1] = far ? time : time % 1001
        table.floats[(slot << 1) + 1] = (sequence * 37) % 81
      }
      const slots = [...entries.keys()]

      const sorted = inOrder(slots, table)

      expect(sorted).toEqual(slots.toSorted((a, b) => (table.before(a, b) ? -1 : 1)))
    },
  )

  test.each([
    ['evenly', (random: number) => random],
    ['most of them at the front', (random: number) => (random % 100 === 0 ? random : random % 1000)],
    ['all of them at both ends', (random: number) => (random & 1 ? 2 ** 40 : random % 7)],
    ['as far as keys are exact', (random: number) => (random & 1 ? 2 ** 41 - 1 - (random % 4000) : random % 4000)],
  ])('sorts thousands that are spread %s', (_name, timeOf) => {
    const table = new SlotTable()
    const slots: number[] = []
    let random = 1
    for (let sequence = 0; sequence < 4000; sequence++) {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0
      const slot = table.take(0)
      table.floats[slot << 1] = timeOf(random >>> 3)
      table.floats[(slot << 1) + 1] = sequence
      slots.push(slot)
    }

    const sorted = inOrder(slots, table)

    expect(sorted).toEqual(slots.toSorted((a, b) => (table.before(a, b) ? -1 : 1)))
  })
})
