import { expect, test } from 'vitest'
import { main } from '../full-address-space.ts'

test('a window of 2^64 bytes delivers its first and its last page, and ends', () => {
  const lines: string[] = []

  const { events, bytes } = main((line) => lines.push(line))

  expect({ events, bytes }).toEqual({ events: 2, bytes: 8192n })
  expect(lines.slice(0, 3)).toEqual([
    'The window has 0x10000000000000000 bytes and two mappings.',
    '  0x0 -> 0x1000, 4096 bytes',
    '  0xfffffffffffff000 -> 0x2000, 4096 bytes',
  ])
})
