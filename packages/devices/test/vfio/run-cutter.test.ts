import { fc } from '@fast-check/vitest'
import { KiB } from '@hostbridge/core/address'
import { RUN_LANES } from '@hostbridge/core/iommu'
import { container, MemorySystem, Permission, ram, rom } from '@hostbridge/core/memory'
import { Type1Iommu, type Type1Options } from '@hostbridge/devices/vfio'
import { describe, expect, test } from 'vitest'
import { GuestRam } from '../../src/vfio/guest-ram.ts'
import { RefusedFrames } from '../../src/vfio/refused-frames.ts'
import { RunCutter } from '../../src/vfio/run-cutter.ts'

const { read, write, readWrite } = Permission

/** RAM in frames 0 to 15 and 32 to 63, ROM in 16 to 23; the host has each at 1024 and on. */
function guestRam(): GuestRam {
  const root = container('root')
  root.add(ram('low', 64n * KiB), 0n)
  root.add(rom('rom', 32n * KiB), 64n * KiB)
  root.add(ram('high', 128n * KiB), 128n * KiB)
  return new GuestRam(new MemorySystem('guest').createSpace('memory', root), () => 1024)
}

type Cut = (cutter: RunCutter) => void

/** What becomes of each frame: `host frame/permission`, or why it is refused. */
function cutFrames(options: Type1Options, cut: Cut): Map<number, string> {
  const refused = new RefusedFrames()
  const cutter = new RunCutter(new Type1Iommu(options), guestRam(), refused)
  cut(cutter)
  const found = new Map<number, string>()
  const { runs, count } = cutter.pieces
  for (let at = 0; at < count * RUN_LANES; at += RUN_LANES) {
    const [iova = 0, frames = 0, target = 0, meta = 0] = runs.subarray(at, at + RUN_LANES)
    for (let index = 0; index < frames; index++) found.set(iova + index, `${target + index}/${meta & 3}`)
  }
  for (const { iova, size, code } of refused.take(() => '')) {
    for (let index = 0n; index < size / 4096n; index++) found.set(Number(iova / 4096n + index), code)
  }
  return found
}

describe('RunCutter', () => {
  test('does with each frame what a look at that frame alone says', () => {
    const ranges = fc.constantFrom(
      [{ start: 0n, last: 0xf_ffffn }],
      [
        { start: 0x4000n, last: 0x1_7fffn },
        { start: 0x2_0000n, last: 0x2_3fffn },
      ],
    )
    const run = fc.record({
      shift: fc.constantFrom(12, 14, 16),
      iova: fc.nat(6),
      target: fc.nat(20),
      entries: fc.integer({ min: 1, max: 8 }),
      permission: fc.constantFrom(read, write, readWrite),
    })
    fc.assert(
      fc.property(
        ranges,
        fc.constantFrom(1, 4),
        run,
        (iovaRanges, page, { shift, iova, target, entries, permission }) => {
          const entry = 2 ** (shift - 12)
          const [first, to, frames] = [iova * entry, target * 4, entries * entry]
          const expected = new Map<number, string>()
          for (let frame = first; frame < first + frames; frame++) {
            const answer = frameByFrame(frame, to + frame - first, permission, shift, page, iovaRanges)
            if (answer !== undefined) expected.set(frame, answer)
          }

          const cut = cutFrames({ iovaRanges, pageSizes: [BigInt(page) * 4n * KiB] }, (cutter) =>
            cutter.cutGuest(first, frames, to, permission, shift),
          )

          expect(cut).toEqual(expected)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('maps what only the host has aligned (DM-6)', () => {
    const cut = cutFrames({ pageSizes: [16n * KiB] }, (cutter) => cutter.cutHost(2, 8, 1026, readWrite))

    expect([...cut.entries()].map(([frame, what]) => `${frame}: ${what}`)).toEqual([
      '4: 1028/3',
      '5: 1029/3',
      '6: 1030/3',
      '7: 1031/3',
      '2: page-size',
      '3: page-size',
      '8: page-size',
      '9: page-size',
    ])
  })

  test('maps read-only memory read-only, and for a guest that may only write, not at all (VN-2)', () => {
    const cut = cutFrames({}, (cutter) => {
      cutter.cutGuest(0, 1, 16, readWrite, 12)
      cutter.cutGuest(1, 1, 17, write, 12)
    })

    expect([...cut]).toEqual([[0, '1024/1']])
  })

  test('maps everything readable where the host cannot do otherwise (DM-1)', () => {
    const cut = cutFrames({ alwaysReadable: true }, (cutter) => cutter.cutGuest(0, 1, 0, write, 12))

    expect([...cut]).toEqual([[0, '1024/3']])
  })
})

/** Host page by host page; RAM regions and IOVA ranges of this test begin and end at multiples of 16 KiB. */
function frameByFrame(
  frame: number,
  target: number,
  permission: number,
  shift: number,
  page: number,
  iovaRanges: readonly { start: bigint; last: bigint }[],
): string | undefined {
  const usable = iovaRanges.some(({ start, last }) => BigInt(frame) * 4096n >= start && BigInt(frame) * 4096n <= last)
  if (!usable) return 'iova-range'
  const region = [
    { first: 0, end: 16, allowed: readWrite },
    { first: 16, end: 24, allowed: read },
    { first: 32, end: 64, allowed: readWrite },
  ].find(({ first, end }) => target >= first && target < end)
  if (region === undefined) return 'not-ram'
  const permitted = permission & region.allowed
  if (permitted === Permission.none) return undefined
  if (shift < 12 + Math.log2(page) || frame % page !== target % page) return 'page-size'
  return `${1024 + target - region.first}/${permitted}`
}
