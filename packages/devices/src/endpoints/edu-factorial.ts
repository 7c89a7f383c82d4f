/** From here on a factorial has more than 31 factors of 2: its lowest 32 bits are 0. */
const ALWAYS_ZERO = 34

/** The lowest 32 bits of a factorial; for any 32-bit number in a few steps. */
export function factorial32(of: number): number {
  if (of >= ALWAYS_ZERO) return 0
  let product = 1
  for (let factor = 2; factor <= of; factor++) product = Math.imul(product, factor)
  return product >>> 0
}
