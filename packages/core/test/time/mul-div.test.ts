import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { mulDivCeil, mulDivFloor } from '../../src/time/mul-div.ts'

const whole = fc.oneof(
  fc.nat(100),
  fc.nat(),
  fc.maxSafeNat(),
  fc.nat(9).map((below) => Number.MAX_SAFE_INTEGER - below),
)
const divisor = whole.map((value) => Math.max(1, value))

describe('mulDiv', () => {
  test.prop([whole, whole, divisor])('is what integers without bounds give, as near as a number can be', (a, b, c) => {
    const product = BigInt(a) * BigInt(b)

    expect(mulDivFloor(a, b, c)).toBe(Number(product / BigInt(c)))
    expect(mulDivCeil(a, b, c)).toBe(Number((product + BigInt(c) - 1n) / BigInt(c)))
  })
})
