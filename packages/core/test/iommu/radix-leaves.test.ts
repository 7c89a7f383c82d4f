import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { NODE_WORDS, SLOT_FRAMES, SLOTS, targetOf } from '../../src/iommu/radix-layout.ts'
import { countLeaves, writeLeaves } from '../../src/iommu/radix-leaves.ts'

/** Targets around which the low word of a leaf wraps, and the ends of the space. */
const target = fc
  .tuple(fc.constantFrom(0, 2 ** 20, 2 ** 27, 2 ** 51, 2 ** 52 - 2 ** 21), fc.integer({ min: 0, max: 2 ** 20 }))
  .map(([base, offset]) => base + offset)

const slots = fc.tuple(fc.integer({ min: 0, max: SLOTS - 1 }), fc.integer({ min: 1, max: SLOTS }))

test.prop([target, fc.integer({ min: 0, max: 5 }), slots], { numRuns: 200 })(
  'writeLeaves writes targets that follow each other, and countLeaves counts them',
  (wanted, level, [first, many]) => {
    const span = SLOT_FRAMES[level] as number
    const count = Math.min(many, SLOTS - first, level === 5 ? 128 : SLOTS)
    const start = Math.min(Math.floor(wanted / span), 2 ** 52 / span - count) * span
    const words = new Int32Array(2 * NODE_WORDS)

    writeLeaves(words, 1, level, first, count, start, 0x07)

    const base = NODE_WORDS + 2 * first
    for (let slot = 0; slot < count; slot++) {
      const low = words[base + 2 * slot] as number
      expect(targetOf(low, words[base + 2 * slot + 1] as number)).toBe(start + slot * span)
      expect(low & 0xfff).toBe(0x07)
    }
    expect(words.filter((word, at) => word !== 0 && (at < base || at >= base + 2 * count))).toHaveLength(0)
    expect(countLeaves(words, base, base + 2 * count, level)).toBe(count)
    expect(countLeaves(words, base, NODE_WORDS + 2 * SLOTS, level)).toBe(count)
  },
)

test('countLeaves ends where size, permission or target break off', () => {
  for (const [word, value] of [
    [6, 0x0b],
    [6, 0x06],
    [7, 1],
  ] as const) {
    const words = new Int32Array(NODE_WORDS)
    writeLeaves(words, 0, 0, 0, 8, 0, 0x07)
    words[word] = word === 6 ? ((words[6] as number) & ~0xff) | value : value

    expect(countLeaves(words, 0, 16, 0)).toBe(3)
  }
})
