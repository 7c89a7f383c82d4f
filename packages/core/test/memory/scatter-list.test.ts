import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { container, MemorySystem, MemTx, ram, ScatterList } from '../../src/memory/index.ts'

function memory() {
  const root = container('root')
  const region = ram('ram', 0x1000n)
  root.add(region, 0n)
  return { region, space: new MemorySystem('machine').createSpace('memory', root) }
}

describe('a scatter list', () => {
  test('is read and written as if its stretches were one (RW-10)', () => {
    const { space } = memory()
    const list = new ScatterList(space).add(0x100n, 2).add(0x10n, 3)
    const into = new Uint8Array(5)

    const written = list.write(Uint8Array.of(1, 2, 3, 4, 5))
    const read = list.read(into)

    expect([written, read]).toEqual([
      { result: MemTx.ok, residual: 0 },
      { result: MemTx.ok, residual: 0 },
    ])
    expect(into).toEqual(Uint8Array.of(1, 2, 3, 4, 5))
    space.read(0x10n, into)
    expect(into).toEqual(Uint8Array.of(3, 4, 5, 0, 0))
  })

  test('moves what both have, and the rest of the list is the residual (RW-10)', () => {
    const { space } = memory()
    const list = new ScatterList(space).add(0n, 4).add(8n, 4)
    const long = new Uint8Array(10).fill(0xee)

    const results = [list.write(Uint8Array.of(1, 2, 3, 4, 5)), list.read(long)]

    expect(results.map(({ residual }) => residual)).toEqual([3, 0])
    expect(long).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 0, 0, 0, 0xee, 0xee))
  })

  test('goes on after an error, which still counts as moved (RW-10)', () => {
    const { space } = memory()
    const list = new ScatterList(space).add(0x8000n, 2).add(0n, 2)
    space.write(0n, Uint8Array.of(7, 8))
    const into = new Uint8Array(4).fill(0xee)

    const read = list.read(into)

    expect(read).toEqual({ result: MemTx.decodeError, residual: 0 })
    expect(into).toEqual(Uint8Array.of(0, 0, 7, 8))
  })

  test.each([-1, 0.5, 2 ** 53])('refuses a stretch of %d bytes', (length) => {
    expect(() => new ScatterList(memory().space).add(0n, length)).toThrow("a list in 'memory' cannot take")
  })
})

const stretches = fc.array(fc.record({ at: fc.nat(0x1100), length: fc.nat(40) }), { maxLength: 6 })

property.prop([stretches, fc.nat(200)], { numRuns: 100 })(
  'reads what byte by byte is read (RW-10)',
  (drawn, length) => {
    const { region, space } = memory()
    region.memory.write(
      0n,
      Uint8Array.from({ length: 0x1000 }, (_, i) => i % 251),
    )
    const list = new ScatterList(space)
    for (const { at, length } of drawn) list.add(BigInt(at), length)
    const into = new Uint8Array(length).fill(0xee)

    const { result, residual } = list.read(into)

    const places = drawn.flatMap(({ at, length }) => Array.from({ length }, (_, i) => at + i))
    const moved = places.slice(0, length)
    const byte = (i: number) => {
      const place = moved[i]
      return place === undefined ? 0xee : place < 0x1000 ? place % 251 : 0
    }
    expect(into).toEqual(Uint8Array.from({ length }, (_, i) => byte(i)))
    expect(result).toBe(moved.some((place) => place >= 0x1000) ? MemTx.decodeError : MemTx.ok)
    expect(residual).toBe(places.length - moved.length)
  },
)
