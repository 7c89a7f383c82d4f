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
