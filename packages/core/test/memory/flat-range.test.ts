import { describe, expect, test } from 'vitest'
import { FlatRange, ram } from '../../src/memory/index.ts'

const memory = ram('ram', 2n ** 64n)
const plain = { readonly: false, romMode: false }
const range = new FlatRange(memory, 0x1000n, 0x1fffn, 0x8000n, plain)

describe('the identity of a range (FV-5)', () => {
  test.each([
    ['the same', new FlatRange(memory, 0x1000n, 0x1fffn, 0x8000n, plain), true],
    ['another region', new FlatRange(ram('other', 0x9000n), 0x1000n, 0x1fffn, 0x8000n, plain), false],
    ['another beginning', new FlatRange(memory, 0x0n, 0x1fffn, 0x8000n, plain), false],
    ['another end', new FlatRange(memory, 0x1000n, 0x1ffen, 0x8000n, plain), false],
    ['another offset', new FlatRange(memory, 0x1000n, 0x1fffn, 0x8001n, plain), false],
    ['read-only', new FlatRange(memory, 0x1000n, 0x1fffn, 0x8000n, { ...plain, readonly: true }), false],
    ['in ROM mode', new FlatRange(memory, 0x1000n, 0x1fffn, 0x8000n, { ...plain, romMode: true }), false],
  ])('%s', (_, other, expected) => {
    expect(range.equals(other)).toBe(expected)
  })
})

describe('what a range continues in (FV-6)', () => {
  test.each([
    ['the next bytes of the region', new FlatRange(memory, 0x2000n, 0x2fffn, 0x9000n, plain), true],
    ['a gap', new FlatRange(memory, 0x2001n, 0x2fffn, 0x9001n, plain), false],
    ['other bytes of the region', new FlatRange(memory, 0x2000n, 0x2fffn, 0x8000n, plain), false],
    ['other flags', new FlatRange(memory, 0x2000n, 0x2fffn, 0x9000n, { ...plain, readonly: true }), false],
  ])('%s', (_, next, expected) => {
    expect(range.continuesIn(next)).toBe(expected)
  })
})

test('a range of the whole space has 2^64 bytes', () => {
  expect(new FlatRange(memory, 0n, 2n ** 64n - 1n, 0n, plain).size).toBe(2n ** 64n)
})
