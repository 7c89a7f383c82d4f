/** Makes a generator of 32-bit numbers (xorshift32): the same seed, other than 0, gives the same numbers. */
export function xorshift32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
