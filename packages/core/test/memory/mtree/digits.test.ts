import { expect, test } from 'vitest'
import { digits, digitsOf } from '../../../src/memory/mtree/digits.ts'

test('an address has 16 digits, whatever lies outside of 2^64 a sign or one more', () => {
  expect([0n, 0x1000n, -0x1000n, 2n ** 64n].map(digits)).toEqual([
    '0000000000000000',
    '0000000000001000',
    '-000000000001000',
    '10000000000000000',
  ])
})

test('a range ends with its last address (PI-3)', () => {
  expect(digitsOf(0n, 2n ** 64n)).toBe('0000000000000000-ffffffffffffffff')
})
