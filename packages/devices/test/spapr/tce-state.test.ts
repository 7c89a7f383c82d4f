import { Machine } from '@hostbridge/core/machine'
import { restoreTable, saveTable, TceTable } from '@hostbridge/devices/spapr'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const { space } = new Machine('pseries')
const WINDOW = { pageShift: 12, busOffset: 0n, entries: 3000 }

function table(liobn = 0x80000000): TceTable {
  return new TceTable(liobn, space)
}

describe('the state of a TCE table', () => {
  it('holds every bit of every entry, for every content', () => {
    const tce = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
    const contents = fc.dictionary(fc.nat(2999).map(String), tce, { maxKeys: 20 })

    fc.assert(
      fc.property(contents, (entries) => {
        const [original, copy] = [table(), table()]
        original.enable(WINDOW)
        for (const [index, value] of Object.entries(entries)) original.store(Number(index), value)

        restoreTable(copy, structuredClone(saveTable(original)))

        expect(copy.window).toEqual(WINDOW)
        const all = (it: TceTable): bigint[] => Array.from({ length: 3000 }, (_, index) => it.entryAt(index))
        expect(all(copy).join()).toBe(all(original).join())
      }),
      { numRuns: 20 },
    )
  })

  it('holds the last entry of a window that ends inside a block', () => {
    const [original, copy] = [table(), table()]
    original.enable(WINDOW)
    original.store(2999, 0x7003n)

    restoreTable(copy, saveTable(original))

    expect(copy.entryAt(2999)).toBe(0x7003n)
  })

  it('is a copy: later changes do not reach it', () => {
    const original = table()
    original.enable(WINDOW)
    original.store(1, 0x5003n)

    const state = saveTable(original)
    original.store(1, 0x6003n)
    restoreTable(original, state)

    expect(original.entryAt(1)).toBe(0x5003n)
  })

  it('of a disabled table disables, and keeps the mark of the default window (TC-6)', () => {
    const [original, copy] = [table(), table()]
    original.isDefault = true
    copy.enable(WINDOW)

    restoreTable(copy, saveTable(original))

    expect([copy.window, copy.isDefault]).toEqual([undefined, true])
  })

  it('is refused by the table of another LIOBN (TC-12)', () => {
    const other = table(0x80000001)
    other.enable(WINDOW)

    expect(() => restoreTable(other, saveTable(table()))).toThrowError(/cannot take the state of LIOBN 0x80000000/)
    expect(other.window).toEqual(WINDOW)
  })
})
