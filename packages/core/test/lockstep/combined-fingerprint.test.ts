import { expect, test } from 'vitest'
import { combineFingerprints } from '../../src/lockstep/combined-fingerprint.ts'

const A = { name: 'a', fingerprint: '0123456789abcdef' }
const B = { name: 'b', fingerprint: 'fedcba9876543210' }

test('the fingerprint of all domains is another one when a name, a fingerprint or the order is another one', () => {
  const all = [
    [A, B],
    [B, A],
    [A],
    [A, { ...B, name: 'c' }],
    [A, { ...B, fingerprint: 'fedcba9876543211' }],
    [
      { ...A, fingerprint: B.fingerprint },
      { ...B, fingerprint: A.fingerprint },
    ],
  ].map(combineFingerprints)

  expect(new Set(all).size).toBe(all.length)
  expect(combineFingerprints([A, B])).toBe(all[0])
  expect(all[0]).toMatch(/^[0-9a-f]{16}$/)
})
