import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import type { FrameRange } from '../../src/address/page-frame.ts'
import { SparseBitmap } from '../../src/memory/sparse-bitmap.ts'

/** Three chunks and a bit: ends around words and chunks, where they differ from the middle. */
const length = 3 * 32768 + 5
const places = [0, 31, 32, 63, 64, 100, 32767, 32768, 32800, 65535, 65536, 65567, 98303, 98304, length - 1]
const place = fc.constantFrom(...places)
const change = fc.record({ does: fc.constantFrom('set', 'setRange', 'clearRange'), a: place, b: place })

/** The oracle: one byte a bit. */
function apply(bits: Uint8Array, { does, a, b }: { does: string; a: number; b: number }): void {
  if (does === 'set') bits[a] = 1
  else bits.fill(does === 'setRange' ? 1 : 0, Math.min(a, b), Math.max(a, b) + 1)
}

function runsOf(bits: Uint8Array, first: number, last: number, value: number): FrameRange[] {
  const runs: { first: number; last: number }[] = []
  for (let bit = first; bit <= last; bit++) {
    if (bits[bit] !== value) continue
    const run = runs.at(-1)
    if (run !== undefined && run.last === bit - 1) run.last = bit
    else runs.push({ first: bit, last: bit })
  }
  return runs
}

describe('SparseBitmap', () => {
  test.prop([fc.boolean(), fc.array(change, { maxLength: 12 }), place, place], { numRuns: 60 })(
    'answers like an array of bits',
    (full, changes, a, b) => {
      const bitmap = new SparseBitmap(length, full)
      const bits = new Uint8Array(length).fill(full ? 1 : 0)
      const [first, last] = [Math.min(a, b), Math.max(a, b)]

      for (const step of changes) {
        apply(bits, step)
        if (step.does === 'set') bitmap.set(step.a)
        else if (step.does === 'setRange') bitmap.setRange(Math.min(step.a, step.b), Math.max(step.a, step.b))
        else bitmap.clearRange(Math.min(step.a, step.b), Math.max(step.a, step.b))
      }

      const asked = bits.subarray(first, last + 1)
      expect([...bitmap.runs(first, last)]).toEqual(runsOf(bits, first, last, 1))
      expect([...bitmap.clearRuns(first, last)]).toEqual(runsOf(bits, first, last, 0))
      expect(bitmap.any(first, last)).toBe(asked.includes(1))
      expect(bitmap.all(first, last)).toBe(!asked.includes(0))
      expect(bitmap.count(first, last)).toBe(asked.reduce((sum, bit) => sum + bit, 0))
      expect(places.map((bit) => bitmap.has(bit))).toEqual(places.map((bit) => bits[bit] === 1))
      const copy = bitmap.copy(first, last)
      bitmap.clearRange(0, length - 1)
      expect([...copy.runs(0, length - 1)]).toEqual(runsOf(bits, first, last, 1))
    },
  )

  test('takes no memory for 2^52 bits that are all the same, and 4 KiB for one that differs', () => {
    const bitmap = new SparseBitmap(2 ** 52, true)

    const before = bitmap.committedBytes
    bitmap.clearRange(2 ** 51, 2 ** 51)

    expect([before, bitmap.committedBytes]).toEqual([0, 4096])
    expect([...bitmap.runs(0, 2 ** 52 - 1)]).toEqual([
      { first: 0, last: 2 ** 51 - 1 },
      { first: 2 ** 51 + 1, last: 2 ** 52 - 1 },
    ])
  })

  test('gives the memory back of chunks that become uniform by one change', () => {
    const bitmap = new SparseBitmap(2 ** 20)
    for (let bit = 0; bit < 2 ** 20; bit += 1000) bitmap.set(bit)

    const before = bitmap.committedBytes
    bitmap.clearRange(0, 2 ** 20 - 1)

    expect([before, bitmap.committedBytes]).toEqual([32 * 4096, 0])
  })

  test('finds a bit again that is set after its chunk was cleared as a whole', () => {
    const bitmap = new SparseBitmap(2 ** 20)
    bitmap.set(7)

    bitmap.clearRange(0, 2 ** 20 - 1)
    bitmap.set(8)

    expect([...bitmap.runs(0, 2 ** 20 - 1)]).toEqual([{ first: 8, last: 8 }])
  })

  test('is read by whoever attaches to it, and shares chunks that are mixed', () => {
    const bitmap = new SparseBitmap(2 ** 20)
    bitmap.setRange(0, 2 ** 16)
    const attached = SparseBitmap.attach(structuredClone(bitmap.share()))

    bitmap.set(2 ** 16 + 5)

    expect([...attached.runs(0, 2 ** 20 - 1)]).toEqual([
      { first: 0, last: 2 ** 16 },
      { first: 2 ** 16 + 5, last: 2 ** 16 + 5 },
    ])
  })

  test.each([
    [-1, 3],
    [0, 10],
    [0.5, 3],
  ])('throws for a range from %d to %d of 10 bits', (first, last) => {
    const bitmap = new SparseBitmap(10)

    expect(() => bitmap.setRange(first, last)).toThrow(expect.objectContaining({ code: 'memory.bitmap-range' }))
    expect(() => bitmap.clearRange(first, last)).toThrow('are not in a bitmap of 0xa bits')
  })
})
