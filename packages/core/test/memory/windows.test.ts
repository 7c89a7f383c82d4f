import { fc, test } from '@fast-check/vitest'
import { test as example, expect } from 'vitest'
import { Windows } from '../../src/memory/windows.ts'

const window = fc.record({ start: fc.nat(120), size: fc.integer({ min: 1, max: 9 }) })

test.prop([fc.array(window, { maxLength: 40 })], { numRuns: 200 })(
  'hands over exactly the addresses that were added, ascending, and apart by a byte at least',
  (added) => {
    const windows = new Windows()
    const cells = new Set<number>()
    for (const { start, size } of added) {
      windows.add(BigInt(start), BigInt(start + size - 1))
      for (let at = start; at < start + size; at++) cells.add(at)
    }

    const taken = windows.take()

    const shown = taken.flatMap(({ start, last }) =>
      Array.from({ length: Number(last - start) + 1 }, (_, i) => Number(start) + i),
    )
    expect(shown).toEqual([...cells].sort((a, b) => a - b))
    for (const [i, { start }] of taken.entries()) {
      expect(start).toBeGreaterThan((taken[i - 1]?.last ?? -2n) + 1n)
    }
    expect([windows.isEmpty, windows.take()]).toEqual([true, []])
  },
)

example('the same window again and again is remembered once, and again after it was taken', () => {
  const windows = new Windows()

  for (let i = 0; i < 100; i++) windows.add(0x1000n, 0x1fffn)
  windows.add(0x1800n, 0x18ffn)
  const kept = windows.all.length
  windows.take()
  windows.add(0x1800n, 0x18ffn)

  expect([kept, windows.take()]).toEqual([1, [{ start: 0x1800n, last: 0x18ffn }]])
})

example('windows that touch are joined long before there are many', () => {
  const windows = new Windows()

  for (let i = 9999; i >= 0; i--) windows.add(BigInt(i), BigInt(i))

  expect(windows.all.length).toBeLessThan(4096)
  expect(windows.take()).toEqual([{ start: 0n, last: 9999n }])
})

example('too many that lie apart become one around all: what is remembered has a bound', () => {
  const windows = new Windows()
  let most = 0

  for (let i = 0; i < 20_000; i++) {
    windows.add(BigInt(10 * i), BigInt(10 * i + 3))
    most = Math.max(most, windows.all.length)
  }

  expect(most).toBeLessThan(4096)
  const taken = windows.take()
  expect([taken[0]?.start, taken.at(-1)?.last]).toEqual([0n, 199_993n])
})
