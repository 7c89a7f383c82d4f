/**
 * Calculates `floor(a * b / c)` exactly, also where the product is beyond 2^53; the arguments are whole numbers from 0 to
 * 2^53 - 1, and `c` is not 0. A result beyond 2^53 is rounded.
 */
export function mulDivFloor(a: number, b: number, c: number): number {
  const product = a * b
  if (product <= Number.MAX_SAFE_INTEGER) return (product - (product % c)) / c
  // With a = whole * c + rest, only rest * b is left to be divided.
  const rest = a % c
  const rests = rest * b
  const whole = ((a - rest) / c) * b
  if (rests <= Number.MAX_SAFE_INTEGER && whole <= Number.MAX_SAFE_INTEGER) return whole + (rests - (rests % c)) / c
  return Number((BigInt(a) * BigInt(b)) / BigInt(c))
}

/** Calculates `ceil(a * b / c)` as {@link mulDivFloor}. */
export function mulDivCeil(a: number, b: number, c: number): number {
  const product = a * b
  if (product <= Number.MAX_SAFE_INTEGER) {
    const rest = product % c
    return (product - rest) / c + (rest > 0 ? 1 : 0)
  }
  return Number((BigInt(a) * BigInt(b) + BigInt(c) - 1n) / BigInt(c))
}
