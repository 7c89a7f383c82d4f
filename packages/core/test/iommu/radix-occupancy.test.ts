import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { NODE_WORDS, SLOTS } from '../../src/iommu/radix-layout.ts'
import { countOccupied, liveOf, nextOccupied, occupy, vacate } from '../../src/iommu/radix-occupancy.ts'

const range = fc
  .tuple(fc.integer({ min: 0, max: SLOTS - 1 }), fc.integer({ min: 1, max: SLOTS }), fc.boolean())
  .map(([first, count, fill]) => ({ first, count: Math.min(count, SLOTS - first), fill }))

test.prop([fc.array(range, { maxLength: 12 }), range], { numRuns: 150 })(
  'the bitmap of a node says what a list of booleans says',
  (changes, asked) => {
    const words = new Int32Array(3 * NODE_WORDS)
    const model = new Array<boolean>(SLOTS).fill(false)

    for (const { first, count, fill } of changes) {
      if (fill) {
        words.fill(1, NODE_WORDS + 2 * first, NODE_WORDS + 2 * (first + count))
        occupy(words, 1, first, count)
      } else vacate(words, 1, first, count)
      model.fill(fill, first, first + count)
    }

    const end = asked.first + asked.count
    const next = model.indexOf(true, asked.first)
    expect(liveOf(words, 1)).toBe(model.filter(Boolean).length)
    expect(nextOccupied(words, 1, asked.first, end)).toBe(next < 0 || next > end ? end : next)
    expect(countOccupied(words, 1, asked.first, end)).toBe(model.slice(asked.first, end).filter(Boolean).length)
    expect(model.every((filled, slot) => (words[NODE_WORDS + 2 * slot] !== 0) === filled)).toBe(true)
    expect(words.subarray(0, NODE_WORDS).some(Boolean) || words.subarray(2 * NODE_WORDS).some(Boolean)).toBe(false)
  },
)
