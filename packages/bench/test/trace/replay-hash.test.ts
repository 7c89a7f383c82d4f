import { GiB, KiB } from '@hostbridge/core/address'
import { Machine } from '@hostbridge/core/machine'
import { SpaprHostBridge } from '@hostbridge/devices/spapr'
import { describe, expect, it } from 'vitest'
import { replayHash } from '../../src/trace/replay-hash.ts'

/** The definition, in BigInt: four little-endian 64-bit numbers for each entry. */
function oracle(entries: readonly (readonly bigint[])[]): string {
  let hash = 0xcbf29ce484222325n
  for (const word of entries.flat()) {
    for (let byte = 0n; byte < 8n; byte++) {
      hash = BigInt.asUintN(64, (hash ^ ((word >> (8n * byte)) & 0xffn)) * 0x100000001b3n)
    }
  }
  return hash.toString(16).padStart(16, '0')
}

describe('the hash of a replay', () => {
  it('is over iova, translated address, mask and permission of each entry, also above 4 GiB', () => {
    const phb = new Machine('pseries').plug(new SpaprHostBridge({ index: 0 }))
    phb.window.put(0x3ffff000n, { to: (1n << 63n) + 20n * GiB + 4n * KiB, access: 'r' })
    phb.window.put(0x1000n, { to: 0x2000n, access: 'rw' })

    const result = replayHash(phb.window)

    expect(result).toEqual({
      count: 2,
      hash: oracle([
        [0x1000n, 0x2000n, 0xfffn, 3n],
        [0x3ffff000n, (1n << 63n) + 20n * GiB + 4n * KiB, 0xfffn, 1n],
      ]),
    })
  })

  it('is relative to the window, and knows large pages', () => {
    const phb = new Machine('pseries').plug(new SpaprHostBridge({ index: 0 }))
    const window = phb.createWindow({ pageShift: 24, windowShift: 34 })
    window.put(0x800000000000000n + 0x1000000n, { to: 5n * GiB, access: 'w' })

    expect(replayHash(window)).toEqual({ count: 1, hash: oracle([[0x1000000n, 5n * GiB, 0xffffffn, 2n]]) })
  })

  it('of nothing is the offset basis', () => {
    const phb = new Machine('pseries').plug(new SpaprHostBridge({ index: 0 }))

    expect(replayHash(phb.window)).toEqual({ count: 0, hash: 'cbf29ce484222325' })
  })
})
