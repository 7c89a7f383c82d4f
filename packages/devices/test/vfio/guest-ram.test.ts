import { fc } from '@fast-check/vitest'
import { KiB, PAGE_SIZE_BIGINT } from '@hostbridge/core/address'
import { type AddressSpace, alias, container, MemorySystem, ram, rom } from '@hostbridge/core/memory'
import { describe, expect, test } from 'vitest'
import { GuestRam } from '../../src/vfio/guest-ram.ts'

interface Piece {
  readonly frames: number
  readonly host: number | string
  readonly readonly: boolean
}

/** Every piece of a range, the host's first frame being 1000 for each region. */
function piecesOf(space: AddressSpace, frame: number, frames: number): Piece[] {
  const guestRam = new GuestRam(space, () => 1000)
  const pieces: Piece[] = []
  for (let at = frame; at < frame + frames; at += guestRam.frames) {
    guestRam.locate(at, frame + frames - at)
    const { code, hostFrame, readonly } = guestRam
    pieces.push({ frames: guestRam.frames, host: code ?? hostFrame, readonly: code === undefined && readonly })
  }
  return pieces
}

function spaceWith(add: (root: ReturnType<typeof container>) => void): AddressSpace {
  const root = container('root')
  add(root)
  return new MemorySystem('guest').createSpace('memory', root)
}

describe('GuestRam', () => {
  test('cuts a range where RAM regions end and names what is no RAM (MT-1, MT-2)', () => {
    const space = spaceWith((root) => {
      root.add(ram('low', 0x4000n), 0n)
      root.add(ram('next', 0x4000n), 0x4000n)
      root.add(rom('rom', 0x2000n), 0x10000n)
    })

    expect(piecesOf(space, 2, 20)).toEqual([
      { frames: 2, host: 1002, readonly: false },
      { frames: 4, host: 1000, readonly: false },
      { frames: 8, host: 'not-ram', readonly: false },
      { frames: 2, host: 1000, readonly: true },
      { frames: 4, host: 'not-ram', readonly: false },
    ])
  })

  test('finds RAM behind aliases, read-only only where the RAM is (VN-2, MR-12)', () => {
    const low = ram('low', 0x8000n)
    const space = spaceWith((root) => {
      const shown = alias('shown', low, { offset: 0x3000n, size: 0x2000n })
      shown.setReadonly(true)
      root.add(low, 0x100000n)
      root.add(shown, 0n)
    })

    expect(piecesOf(space, 0, 2)).toEqual([{ frames: 2, host: 1003, readonly: false }])
  })

  test('cannot map pages that the RAM has at another byte of its pages', () => {
    const low = ram('low', 0x8000n)
    const space = spaceWith((root) => root.add(alias('crooked', low, { offset: 0x800n, size: 0x2000n }), 0n))

    expect(piecesOf(space, 0, 2)).toEqual([{ frames: 2, host: 'page-size', readonly: false }])
  })

  test('says when the host has no place', () => {
    const guestRam = new GuestRam(
      spaceWith((root) => root.add(ram('low', 64n * KiB), 0n)),
      () => undefined,
    )

    guestRam.locate(0, 4)

    expect([guestRam.code, guestRam.frames]).toEqual(['host-memory', 4])
  })

  test('follows a change of the map', () => {
    const root = container('root')
    const space = new MemorySystem('guest').createSpace('memory', root)
    const guestRam = new GuestRam(space, () => 1000)
    guestRam.locate(0, 4)
    const before = guestRam.code
    root.add(ram('low', 64n * KiB), 0n)

    guestRam.locate(0, 4)

    expect([before, guestRam.code, guestRam.hostFrame]).toEqual(['not-ram', undefined, 1000])
  })

  test('agrees with what the address space resolves, frame by frame', () => {
    const region = fc.record({ at: fc.nat(0x20_000), size: fc.integer({ min: 1, max: 0x8000 }) })
    fc.assert(
      fc.property(fc.array(region, { maxLength: 8 }), (regions) => {
        const space = spaceWith((root) => {
          for (const [index, { at, size }] of regions.entries()) root.add(ram(`r${index}`, BigInt(size)), BigInt(at))
        })
        const expected = Array.from({ length: 42 }, (_, frame) => {
          const run = space.resolve(frame, 1)
          if (run === undefined) return 'not-ram'
          return run.offset % PAGE_SIZE_BIGINT === 0n ? 1000 + Number(run.offset / PAGE_SIZE_BIGINT) : 'page-size'
        })

        const found = piecesOf(space, 0, 42).flatMap(({ frames, host }) =>
          Array.from({ length: frames }, (_, index) => (typeof host === 'string' ? host : host + index)),
        )

        expect(found).toEqual(expected)
      }),
      { numRuns: 150 },
    )
  })
})
