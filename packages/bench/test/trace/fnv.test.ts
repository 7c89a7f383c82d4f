import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Fnv1a64 } from '../../src/trace/fnv.ts'

function oracle(words: readonly bigint[]): string {
  let hash = 0xcbf29ce484222325n
  for (const word of words) {
    for (let byte = 0n; byte < 8n; byte++) {
      hash = BigInt.asUintN(64, (hash ^ ((word >> (8n * byte)) & 0xffn)) * 0x100000001b3n)
    }
  }
  return hash.toString(16).padStart(16, '0')
}

function hashOf(words: readonly bigint[]): string {
  const hash = new Fnv1a64()
  for (const word of words) hash.addWord(Number(word & 0xffffffffn), Number(word >> 32n))
  return hash.digest()
}

describe('FNV-1a 64 in halves', () => {
  it('begins with the offset basis', () => {
    expect(hashOf([])).toBe('cbf29ce484222325')
  })

  it('agrees with the definition in BigInt for every sequence of 64-bit numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 12 }), (words) => {
        expect(hashOf(words)).toBe(oracle(words))
      }),
    )
  })
})
