/** Does `count` times what an access cannot do without, and nothing else; returns the sum, in 32 bits, of the (lower) words that it got. */
export type BareAccess = (count: number) => number

/** As many as a power of two. */
type Drawn = Int32Array

const pair = new Uint32Array(2)

/** Loads 8 bytes at each of the drawn words. */
export function bareLoads(words: Int32Array, drawn: Drawn): BareAccess {
  const mask = drawn.length - 1
  return (count) => {
    let sum = 0
    for (let index = 0; index < count; index++) {
      const at = drawn[index & mask] as number
      pair[0] = words[at] as number
      pair[1] = words[at + 1] as number
      sum = (sum + (pair[0] as number)) | 0
    }
    return sum
  }
}

/** Loads the entries of the drawn pages, then 8 bytes of the pages of 4 KiB that they lead to; page 0 begins at word `start`. */
export function bareLoadsBehind(
  entries: Int32Array,
  words: Int32Array,
  start: number,
  drawn: Drawn,
  within: Drawn,
): BareAccess {
  const mask = drawn.length - 1
  return (count) => {
    let sum = 0
    for (let index = 0; index < count; index++) {
      const entry = 2 * (drawn[index & mask] as number)
      const low = entries[entry] as number
      const at = start + ((low >>> 12) << 10) + (within[index & mask] as number)
      pair[0] = words[at] as number
      pair[1] = words[at + 1] as number
      sum = (sum + (pair[0] as number) + ((entries[entry + 1] as number) << 20)) | 0
    }
    return sum
  }
}

/** Calls the drawn devices back. */
export function bareCalls(
  devices: readonly { read(offset: number): number }[],
  drawn: Drawn,
  offsets: Drawn,
): BareAccess {
  const mask = drawn.length - 1
  return (count) => {
    let sum = 0
    for (let index = 0; index < count; index++) {
      const device = devices[drawn[index & mask] as number] as { read(offset: number): number }
      sum = (sum + device.read(offsets[index & mask] as number)) | 0
    }
    return sum
  }
}
