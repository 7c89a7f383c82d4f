import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { LAST_ADDRESS, type Range } from '../../src/address/index.ts'
import { IovaTree } from '../../src/iommu/index.ts'

const target = (translatedAddress: bigint) => ({ translatedAddress, permission: 3 })
const text = (mappings: Iterable<Range>) => Array.from(mappings, ({ start, last }) => `${start}..${last}`)

const change = fc.record({
  does: fc.constantFrom('insert', 'insert', 'remove', 'allocate'),
  start: fc.bigInt(0n, 60n),
  size: fc.bigInt(1n, 12n),
})

describe('IovaTree', () => {
  test.prop([fc.array(change, { maxLength: 30 })], { numRuns: 150 })(
    'keeps each mapping as it is, refuses overlaps, removes whole mappings and allocates the lowest gap',
    (changes) => {
      const tree = new IovaTree()
      let model: { start: bigint; last: bigint; to: bigint }[] = []

      for (const { does, start, size } of changes) {
        const range = { start, last: start + size - 1n }
        const touched = model.filter((mapping) => mapping.start <= range.last && start <= mapping.last)
        if (does === 'insert') {
          if (touched.length > 0) expect(() => tree.insert(range, target(start))).toThrow('is mapped already')
          else tree.insert(range, target(start))
          if (touched.length === 0) model.push({ ...range, to: start })
        } else if (does === 'remove') {
          expect(text(tree.remove(range))).toEqual(text(touched))
          model = model.filter((mapping) => !touched.includes(mapping))
        } else {
          const free = (at: bigint) => model.every((mapping) => mapping.last < at || at + size - 1n < mapping.start)
          let at = 4n
          while (at + size - 1n <= 63n && !free(at)) at += 2n
          const expected = at + size - 1n <= 63n ? { start: at, last: at + size - 1n } : undefined
          const within = { start: 3n, last: 63n }
          expect(tree.allocate(size, target(at), { within, alignment: 2n })).toEqual(expected)
          if (expected !== undefined) model.push({ ...expected, to: at })
        }
        model.sort((a, b) => Number(a.start - b.start))
      }

      expect([...tree].map((mapping) => [mapping.start, mapping.last, mapping.value.translatedAddress])).toEqual(
        model.map((mapping) => [mapping.start, mapping.last, mapping.to]),
      )
      expect(tree.size).toBe(model.length)
    },
  )

  test('finds the mapping around an address, and the first that a range touches', () => {
    const tree = new IovaTree()
    tree.insert({ start: 0x1000n, last: 0x1fffn }, target(0n))
    tree.insert({ start: 0x2000n, last: 0x2fffn }, target(0x1000n))

    const found = [tree.at(0x1fffn)?.start, tree.at(0x3000n), tree.find({ start: 0x1fffn, last: 0x9000n })?.start]

    expect(found).toEqual([0x1000n, undefined, 0x1000n])
    expect(text(tree.overlapping({ start: 0x1800n, last: 0x2000n }))).toEqual(['4096..8191', '8192..12287'])
  })

  test('names both ranges where it refuses an overlap', () => {
    const tree = new IovaTree()
    tree.insert({ start: 0x1000n, last: 0x2fffn }, target(0n))

    expect(() => tree.insert({ start: 0x2000n, last: 0x4fffn }, target(0n))).toThrow(
      '[0x2000, 0x4fff] cannot be mapped: [0x1000, 0x2fff] is mapped already; remove it first',
    )
  })

  test('takes one mapping of all 2^64 bytes, after which nothing is free', () => {
    const tree = new IovaTree()
    tree.insert({ start: 0n, last: LAST_ADDRESS }, target(0n))

    const free = tree.allocate(1n, target(0n))
    tree.clear()

    expect([free, tree.allocate(1n << 64n, target(0n)), tree.size]).toEqual([
      ...[undefined, { start: 0n, last: LAST_ADDRESS }, 1],
    ])
  })

  test('allocates at any byte where that is wanted', () => {
    const tree = new IovaTree()
    tree.insert({ start: 0n, last: 2n }, target(0n))

    expect(tree.allocate(5n, target(0n), { alignment: 1n })).toEqual({ start: 3n, last: 7n })
  })

  test('allocates nothing that is larger than where it may lie, or below nothing', () => {
    const tree = new IovaTree()
    const within = { start: 0x1001n, last: 0x2fffn }

    const ranges = [0n, 0x2000n, 0x1000n].map((size) => tree.allocate(size, target(0n), { within }))

    expect(ranges).toEqual([undefined, undefined, { start: 0x2000n, last: 0x2fffn }])
  })

  test('throws for an alignment that is no power of two', () => {
    expect(() => new IovaTree().allocate(1n, target(0n), { alignment: 3n })).toThrow(
      expect.objectContaining({ code: 'iommu.iova-alignment' }),
    )
  })
})
