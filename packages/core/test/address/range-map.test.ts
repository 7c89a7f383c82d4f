import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { type Range, WHOLE_SPACE } from '../../src/address/range.ts'
import { type RangeEntry, RangeMap } from '../../src/address/range-map.ts'
import { LAST_ADDRESS } from '../../src/address/units.ts'

/** Addresses at which ranges begin and end: a few around each boundary, so that ends often meet. */
const grid = [0n, 2n ** 53n, 2n ** 63n, LAST_ADDRESS]
  .flatMap((anchor) => [-3n, -2n, -1n, 0n, 1n, 2n, 3n].map((distance) => anchor + distance))
  .filter((address) => address >= 0n && address <= LAST_ADDRESS)

const gridRange = fc
  .tuple(fc.nat(grid.length - 1), fc.nat(grid.length - 1))
  .map(([a, b]): Range => ({ start: grid[Math.min(a, b)] as bigint, last: grid[Math.max(a, b)] as bigint }))
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant('insert'), range: gridRange, value: fc.bigInt(0n, 2n) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('remove'), range: gridRange, value: fc.constant(0n) }) },
)
const changes = { changes: fc.array(change, { maxLength: 30 }) }

/** The oracle: a list of pieces that is searched from the beginning every time. */
class PieceList {
  pieces: RangeEntry<bigint>[] = []
  readonly #advance: boolean
  readonly #merge: boolean

  constructor(advance: boolean, merge: boolean) {
    this.#advance = advance
    this.#merge = merge
  }

  change(does: string, range: Range, value: bigint): void {
    const kept = this.pieces.flatMap((piece) => {
      const low = { ...piece, last: piece.last < range.start ? piece.last : range.start - 1n }
      const start = piece.start > range.last ? piece.start : range.last + 1n
      const high = { start, last: piece.last, value: this.#at(piece, start) }
      return [low, high].filter((part) => part.start <= part.last)
    })
    if (does === 'insert') kept.push({ ...range, value })
    kept.sort((a, b) => (a.start < b.start ? -1 : 1))
    this.pieces = this.#merge ? this.#merged(kept) : kept
  }

  #at(piece: RangeEntry<bigint>, address: bigint): bigint {
    return this.#advance ? piece.value + (address - piece.start) : piece.value
  }

  #merged(pieces: RangeEntry<bigint>[]): RangeEntry<bigint>[] {
    const merged: RangeEntry<bigint>[] = []
    for (const piece of pieces) {
      const previous = merged.at(-1)
      if (previous && previous.last + 1n === piece.start && this.#at(previous, piece.start) === piece.value) {
        merged[merged.length - 1] = { ...previous, last: piece.last }
      } else merged.push(piece)
    }
    return merged
  }
}

describe('RangeMap', () => {
  const kinds = [
    { name: 'with one value a range', advance: false, merge: true, options: {} },
    {
      name: 'with values that advance with the address',
      advance: true,
      merge: true,
      options: { slice: (value: bigint, offset: bigint) => value + offset },
    },
    { name: 'that never merges', advance: false, merge: false, options: { equal: () => false } },
  ]
  for (const { name, advance, merge, options } of kinds) {
    test.prop(changes, { numRuns: 150 })(`${name} agrees with a list of pieces`, ({ changes }) => {
      const map = new RangeMap<bigint>(options)
      const list = new PieceList(advance, merge)

      for (const { does, range, value } of changes) {
        if (does === 'insert') map.insert(range, value)
        else map.remove(range)
        list.change(does, range, value)
      }

      expect([...map]).toEqual(list.pieces)
      expect(map.size).toBe(list.pieces.length)
      for (const address of grid) {
        const piece = list.pieces.find((each) => each.start <= address && address <= each.last)
        expect(map.entryAt(address)).toEqual(piece)
        expect(map.has(address)).toBe(piece !== undefined)
        expect(map.get(address)).toBe(piece && (advance ? piece.value + address - piece.start : piece.value))
      }
    })
  }

  test.prop({ ...changes, window: gridRange }, { numRuns: 150 })(
    'gives the overlapping entries whole and ascending',
    ({ changes, window }) => {
      const map = new RangeMap<bigint>()
      for (const { range, value } of changes) map.insert(range, value)

      const found = [...map.overlapping(window)]

      expect(found).toEqual([...map].filter((entry) => entry.start <= window.last && window.start <= entry.last))
    },
  )

  test('goes on behind the last entry given when it is changed during a walk', () => {
    const map = new RangeMap<string>()
    for (const start of [0n, 10n, 20n]) map.insert({ start, last: start + 4n }, `at ${start}`)
    const seen: string[] = []

    for (const entry of map) {
      seen.push(entry.value)
      map.remove({ start: 0n, last: 12n })
    }

    expect(seen).toEqual(['at 0', 'at 10', 'at 20'])
    expect([...map]).toEqual([
      { start: 13n, last: 14n, value: 'at 10' },
      { start: 20n, last: 24n, value: 'at 20' },
    ])
  })

  test('holds the whole space as one entry and gives it back in parts', () => {
    const map = new RangeMap<string>()

    map.insert(WHOLE_SPACE, 'all')
    map.remove({ start: 2n ** 63n, last: 2n ** 63n })

    expect([...map]).toEqual([
      { start: 0n, last: 2n ** 63n - 1n, value: 'all' },
      { start: 2n ** 63n + 1n, last: LAST_ADDRESS, value: 'all' },
    ])
    map.clear()
    expect(map.size).toBe(0)
  })

  test.each(['ascending', 'descending'])(
    'stays shallow when one range is cut a hundred thousand times, %s',
    (order) => {
      const map = new RangeMap<number>()
      map.insert(WHOLE_SPACE, 0)

      for (let i = 1; i <= 100_000; i++) {
        const cut = order === 'ascending' ? i : 100_001 - i
        map.remove({ start: BigInt(cut) * 2n, last: BigInt(cut) * 2n })
      }

      expect(map.size).toBe(100_001)
      expect([map.get(123_456n), map.get(123_457n)]).toEqual([undefined, 0])
    },
  )

  test('refuses a range that does not lie in the space', () => {
    const map = new RangeMap<number>()

    expect(() => map.insert({ start: 5n, last: 4n }, 1)).toThrow(expect.objectContaining({ code: 'address.range' }))
    expect(() => map.remove({ start: 0n, last: 2n ** 64n })).toThrow(expect.objectContaining({ code: 'address.range' }))
  })
})
