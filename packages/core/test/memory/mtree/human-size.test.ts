import { expect, test } from 'vitest'
import { formatSize } from '../../../src/memory/mtree/human-size.ts'

test.each([
  [1n, '1 B'],
  [4096n, '4 KiB'],
  [4097n, '4097 B'],
  [0x9_fc00n, '639 KiB'],
  [3n * 2n ** 30n, '3 GiB'],
  [2n ** 64n, '16 EiB'],
])('%s bytes are exactly %s', (size, text) => {
  expect(formatSize(size)).toBe(text)
})

test.each([
  [2n ** 64n - 1n, '~16.0 EiB'],
  [2n ** 20n + 1n, '~1.0 MiB'],
  [0xbff4_0000n, '~3.0 GiB'],
])('%s bytes are about %s', (size, text) => {
  expect(formatSize(size)).toBe(text)
})
