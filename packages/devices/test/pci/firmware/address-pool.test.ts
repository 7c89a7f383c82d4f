import { KiB, MiB, rangeOf } from '@hostbridge/core/address'
import { allot, type Need, pack } from '@hostbridge/devices/pci'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

/** Needs of these sizes, aligned to them; `got` has the address of each when it is placed. */
function needs(...sizes: readonly bigint[]): { all: Need[]; got: (bigint | undefined)[] } {
  const got: (bigint | undefined)[] = sizes.map(() => undefined)
  const all = sizes.map((size, index) => ({
    size,
    align: size,
    who: `BAR ${index} of 00:01.0`,
    place: (address: bigint) => {
      got[index] = address
    },
  }))
  return { all, got }
}

describe('addresses of a window', () => {
  it('go to the most aligned first, so that there are no gaps', () => {
    const { all, got } = needs(4n * KiB, 1n * MiB, 64n * KiB)

    allot('memory32', all, rangeOf(0x8000_0000n, 2n * MiB))

    expect(got).toEqual([0x8011_0000n, 0x8000_0000n, 0x8010_0000n])
  })

  it('go to those that fit to the last byte, and one more is refused, naming it and who is before it', () => {
    const window = rangeOf(0x8000_0000n, 1n * MiB)
    const fits = needs(512n * KiB, 512n * KiB)
    const more = needs(512n * KiB, 512n * KiB, 4n * KiB)

    allot('memory32', fits.all, window)

    expect(fits.got).toEqual([0x8000_0000n, 0x8008_0000n])
    expect(() => allot('memory32', more.all, window)).toThrowError(
      'BAR 2 of 00:01.0 needs 0x1000 bytes, and the 32-bit memory window [0x80000000, 0x800fffff] is taken up to 0x800fffff, ' +
        'last by BAR 1 of 00:01.0 with [0x80080000, 0x800fffff]: make the window larger, or plug fewer functions',
    )
  })

  it('that are too few for one alone, or not there at all, are refused by the name of the window', () => {
    const { all } = needs(1n * MiB)

    expect(() => allot('io', all, rangeOf(0n, 64n * KiB))).toThrowError(/the I\/O window .* is too small for it alone/)
    expect(() => allot('memory64', all, undefined)).toThrowError(
      'BAR 0 of 00:01.0 needs 0x100000 bytes, and there is no 64-bit memory window: give the host bridge one',
    )
    expect(() => allot('io', [], undefined)).not.toThrow()
  })

  it('never overlap, are aligned and inside, for any needs', () => {
    const logs = fc.array(fc.integer({ min: 4, max: 20 }), { maxLength: 30 })

    fc.assert(
      fc.property(logs, fc.nat(0xffff), (shifts, start) => {
        const sizes = shifts.map((shift) => 2n ** BigInt(shift))
        const { all, got } = needs(...sizes)
        const window = rangeOf(BigInt(start), 64n * MiB)

        allot('memory32', all, window)

        const spans = got.map((address, index) => [address as bigint, (address as bigint) + (sizes[index] as bigint)])
        spans.sort(([a], [b]) => ((a as bigint) < (b as bigint) ? -1 : 1))
        expect(got.every((address, index) => (address as bigint) % (sizes[index] as bigint) === 0n)).toBe(true)
        for (const [index, [first, end]] of spans.entries()) {
          expect(first as bigint).toBeGreaterThanOrEqual(spans[index - 1]?.[1] ?? window.start)
          expect((end as bigint) - 1n).toBeLessThanOrEqual(window.last)
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('needs behind a bridge', () => {
  it('are one need: a multiple of its granule, as aligned as the most aligned of them', () => {
    const { all } = needs(4n * KiB, 2n * MiB, 4n * KiB)

    const { size, align, offsets } = pack(all, 1n * MiB)

    expect([size, align]).toEqual([3n * MiB, 2n * MiB])
    expect(offsets.map(({ need, offset }) => [need.who, offset])).toEqual([
      ['BAR 1 of 00:01.0', 0n],
      ['BAR 0 of 00:01.0', 2n * MiB],
      ['BAR 2 of 00:01.0', 2n * MiB + 4n * KiB],
    ])
    expect(pack(needs(32n).all, 4n * KiB)).toMatchObject({ size: 4n * KiB, align: 4n * KiB })
  })
})
