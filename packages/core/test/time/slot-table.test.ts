import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { SlotTable } from '../../src/time/slot-table.ts'

const LISTS = [1, 3, 5, 511]

const step = fc.record({
  does: fc.constantFrom('append', 'append', 'prepend', 'unlink', 'detach'),
  list: fc.nat(LISTS.length - 1),
  which: fc.nat(),
})

describe('SlotTable', () => {
  test.prop({ steps: fc.array(step, { maxLength: 200 }) })(
    'keeps lists as arrays would, while it grows',
    ({ steps }) => {
      const table = new SlotTable()
      table.needLists(512)
      const lists: number[][] = LISTS.map(() => [])

      for (const { does, list, which } of steps) {
        const model = lists[list] as number[]
        if (does === 'append') model.push(table.take(0))
        else if (does === 'prepend') model.unshift(table.take(0))
        const slot = does === 'prepend' ? model[0] : model.at(-1)
        if (does === 'append') table.append(slot as number, LISTS[list] as number)
        else if (does === 'prepend') table.prepend(slot as number, LISTS[list] as number)
        else if (does === 'unlink') for (const gone of model.splice(which % (model.length + 1), 1)) table.unlink(gone)
        else {
          table.detach(LISTS[list] as number)
          model.length = 0
        }
      }

      expect(LISTS.map((list) => table.slotsOf(list))).toEqual(lists)
    },
  )

  test.prop({ end: fc.integer({ min: 1, max: 3000 }) })(
    'has every list below the end that was asked for',
    ({ end }) => {
      const table = new SlotTable()
      table.needLists(end)
      const last = end % 2 === 0 ? end - 1 : end - 2
      const slot = table.take(0)

      if (last > 0) table.append(slot, last)

      expect(last > 0 ? table.slotsOf(last) : [slot]).toEqual([slot])
    },
  )

  test.prop({ steps: fc.array(fc.boolean(), { maxLength: 400 }) })(
    'takes no slot twice, and the one that was released last before any other',
    ({ steps }) => {
      const table = new SlotTable()
      const taken: number[] = []
      const released: number[] = []

      for (const takes of steps) {
        if (!takes && taken.length > 0) {
          released.push(taken.pop() as number)
          table.release(released.at(-1) as number)
          continue
        }
        const expected = released.pop() ?? taken.length
        expect(table.full).toBe(released.length === 0 && expected === table.capacity)
        expect(table.take(7)).toBe(expected)
        taken.push(expected)
      }

      expect(taken.every((slot) => table.ranks[slot] === 7)).toBe(true)
    },
  )
})
