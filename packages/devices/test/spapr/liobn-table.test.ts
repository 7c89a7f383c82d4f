import { Machine } from '@hostbridge/core/machine'
import { LiobnTable, TceTable } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'

const { space } = new Machine('pseries')

describe('the LIOBNs of a machine', () => {
  it('name its tables, listed ascending', () => {
    const liobns = new LiobnTable()
    const [high, low] = [new TceTable(0x80000100, space), new TceTable(0x80000000, space)]
    liobns.add(high)
    liobns.add(low)

    expect([liobns.find(0x80000000), liobns.find(0x80000100n), liobns.find(1)]).toEqual([low, high, undefined])
    expect([...liobns]).toEqual([low, high])
  })

  it('name one table each (TC-11)', () => {
    const liobns = new LiobnTable()
    const table = new TceTable(0x80000000, space)
    liobns.add(table)

    expect(() => liobns.add(new TceTable(0x80000000, space))).toThrowError(/LIOBN 0x80000000/)
    expect(liobns.find(0x80000000)).toBe(table)
  })

  it('have no bits above 31: a wider number names nothing (TC-11)', () => {
    const liobns = new LiobnTable()
    liobns.add(new TceTable(0, space))

    expect([1n << 32n, 1n << 63n, 2n ** 64n - 2n ** 32n].map((liobn) => liobns.find(liobn))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('are free again when the table is gone', () => {
    const liobns = new LiobnTable()
    const table = new TceTable(5, space)
    liobns.add(table)

    liobns.delete(new TceTable(5, space))
    expect(liobns.find(5)).toBe(table)
    liobns.delete(table)
    expect(liobns.find(5)).toBeUndefined()
  })
})
