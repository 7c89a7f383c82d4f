import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { FlatRange, FlatView, ram } from '../../src/memory/index.ts'

const region = ram('ram', 2n ** 64n)
const whole = 2n ** 64n

function rangeOf(start: bigint, last: bigint, offset = 0n): FlatRange {
  return new FlatRange(region, start, last, offset, { readonly: false, romMode: false })
}

/** Addresses around the borders of number and word arithmetic, in units that are no pages. */
const address = fc
  .tuple(fc.constantFrom(0n, 2n ** 32n, 2n ** 44n, 2n ** 53n, 2n ** 63n, whole), fc.bigInt(-9000n, 9000n))
  .map(([anchor, distance]) => (anchor + distance + whole) % whole)

propertyTest.prop([fc.uniqueArray(address, { minLength: 2, maxLength: 20 }), fc.array(address, { maxLength: 20 })], {
  numRuns: 200,
})('an address is found in the range that a search of all ranges finds', (cuts, addresses) => {
  const sorted = cuts.toSorted((a, b) => (a < b ? -1 : 1))
  const ranges = sorted.slice(1).map((end, i) => rangeOf(sorted[i]!, end - 1n))
  const view = new FlatView(ranges.filter((_, i) => i % 3 !== 1))

  for (const at of [...addresses, ...cuts, ...addresses, ...cuts]) {
    expect(view.find(at)).toBe(view.ranges.find(({ start, last }) => start <= at && at <= last))
  }
})

propertyTest.prop([address, address, address], { numRuns: 200 })(
  'the shift of a range makes an address an offset in the region',
  (a, b, offset) => {
    const [start, at] = a < b ? [a, b] : [b, a]
    const range = rangeOf(start, whole - 1n, offset)

    const byte = (at & 0xfffn) + BigInt(range.shiftBytes)
    const frame = (at >> 12n) + BigInt(range.shiftFrames)

    expect(frame * 0x1000n + byte).toBe(at - start + offset)
  },
)

test('the distance to the next range is known, and to the end of the space', () => {
  const view = new FlatView([rangeOf(0x1800n, 0x1fffn), rangeOf(0x5004n, 0x5fffn)])

  expect(view.bytesToNext(0, 0x10)).toBe(0x17f0)
  expect(view.bytesToNext(2, 0)).toBe(0x3004)
  expect(view.bytesToNext(2 ** 52 - 1, 0xff0)).toBe(0x10)
})

/** A page: whether a range is in it before, whether a patch replaces that, and by how many ranges. */
const page = fc.record({ before: fc.boolean(), patched: fc.boolean(), after: fc.integer({ min: 0, max: 2 }) })

propertyTest.prop([fc.array(page, { maxLength: 400, size: 'max' })], { numRuns: 100 })(
  'a view has after few patches and after many the ranges that were not replaced and those in place of the others',
  (pages) => {
    const patches: { before: FlatRange[]; after: FlatRange[] }[] = []
    const expected: FlatRange[] = []
    const old: FlatRange[] = []
    for (const [i, { before, patched, after }] of pages.entries()) {
      const at = BigInt(i) * 0x1000n
      const there = before ? [rangeOf(at + 0x100n, at + 0x7ffn)] : []
      const fresh = Array.from({ length: after }, (_, n) =>
        rangeOf(at + BigInt(n) * 0x800n, at + BigInt(n) * 0x800n + 9n),
      )
      old.push(...there)
      expected.push(...(patched ? fresh : there))
      if (patched && there.length + after > 0) patches.push({ before: there, after: fresh })
    }
    const view = new FlatView(old)

    const after = view.patched(patches)

    expect(after.ranges).toEqual(expected)
    for (const range of expected) expect(after.find(range.last)).toBe(range)
    expect(view.ranges).toEqual(old)
  },
)
