import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { container, MemorySystem, MemTx, type PortEntry, PortList } from '../../src/memory/index.ts'

/** Entries that log their calls; a read answers with its port's number, repeated. */
function entry(log: string[], offset: number, length: number, size: 1 | 2 | 4, ways = 'rw'): PortEntry {
  const read = (port: number) => {
    log.push(`read ${port.toString(16)} ${size}`)
    return 0x01010101 * (port & 0xff)
  }
  const write = (port: number, value: number) => {
    log.push(`write ${port.toString(16)} ${size} ${value.toString(16)}`)
  }
  return { offset, length, size, ...(ways.includes('r') ? { read } : {}), ...(ways.includes('w') ? { write } : {}) }
}

function ports(...entries: PortEntry[]) {
  const root = container('io', 0x10000n)
  const space = new MemorySystem('machine').createSpace('io', root)
  const list = new PortList('device', entries)
  list.add(root, 0x40)
  const read = (port: bigint, size: number) => {
    const into = new Uint8Array(size)
    expect(space.read(port, into)).toBe(MemTx.ok)
    return into.reduceRight((value, byte) => value * 256 + byte, 0)
  }
  return { root, space, list, read }
}

describe('a list', () => {
  test('becomes one region for each run of touching ports, and holes stay holes (PI-1)', () => {
    const log: string[] = []

    const { list, space } = ports(
      entry(log, 0, 2, 1),
      entry(log, 0, 1, 2),
      entry(log, 2, 2, 1),
      entry(log, 8, 4, 1),
      entry(log, 8, 1, 4),
    )

    expect(list.regions.map(({ address, size }) => [address, size])).toEqual([
      [0x40n, 4n],
      [0x48n, 4n],
    ])
    expect(space.find(0x44n)).toBeUndefined()
  })

  test('moves, hides and leaves as a whole (PI-1)', () => {
    const log: string[] = []
    const { list, space, read } = ports(entry(log, 0, 1, 1), entry(log, 8, 1, 1))

    list.setStart(0x80)
    const moved = [space.find(0x40n), read(0x80n, 1), read(0x88n, 1)]
    list.setEnabled(false)
    const hidden = space.find(0x80n)
    list.setEnabled(true)
    list.remove()

    expect(moved).toEqual([undefined, 0x80, 0x88])
    expect([hidden, space.find(0x80n)]).toEqual([undefined, undefined])
    expect(() => list.remove()).toThrow("'device' cannot be removed: add them to a space first")
    expect(() => list.setStart(0)).toThrow('cannot be moved')
  })

  test.each<[string, PortEntry[]]>([
    ['are none', []],
    ['are not in order: 0x0 comes after 0x1', [entry([], 1, 1, 1), entry([], 0, 1, 1)]],
    ['have an entry of 0 ports', [entry([], 0, 0, 1)]],
    ['have an entry of 1 ports of 3 bytes', [entry([], 0, 1, 3 as 1)]],
  ])('whose ports %s is refused (PI-1)', (why, entries) => {
    expect(() => new PortList('device', entries)).toThrow(`the ports of 'device' ${why}`)
  })
})

describe('an access', () => {
  test('meets the first entry of its exact size that has a handler for its direction (PI-2)', () => {
    const log: string[] = []
    const { space, read } = ports(
      entry(log, 0, 4, 1, 'w'),
      entry(log, 0, 4, 1),
      entry(log, 0, 4, 2),
      entry(log, 0, 4, 4),
    )

    const values = [read(0x41n, 1), read(0x42n, 2), read(0x40n, 4)]
    space.write(0x43n, Uint8Array.of(7))

    expect(values).toEqual([0x41, 0x4242, 0x40404040])
    expect(log).toEqual(['read 41 1', 'read 42 2', 'read 40 4', 'write 43 1 7'])
  })

  test('of 2 bytes falls back to two of 1 byte (PI-2)', () => {
    const log: string[] = []
    const { space, read } = ports(entry(log, 0, 4, 1))

    const value = read(0x42n, 2)
    space.write(0x40n, Uint8Array.of(0x34, 0x12))

    expect(value).toBe(0x4342)
    expect(log).toEqual(['read 42 1', 'read 43 1', 'write 40 1 34', 'write 41 1 12'])
  })

  test('of 2 bytes at the last port reads ones behind it and writes nothing there (PI-2)', () => {
    const log: string[] = []
    const { space, read } = ports(entry(log, 0, 4, 1))

    const value = read(0x43n, 2)
    space.write(0x43n, Uint8Array.of(0x34, 0x12))

    expect(value).toBe(0xff43)
    expect(log).toEqual(['read 43 1', 'write 43 1 34'])
  })

  test('that meets no entry reads all ones of its width, and its write vanishes (PI-2)', () => {
    const log: string[] = []
    const { space, read } = ports(entry(log, 0, 4, 1, 'w'), entry(log, 0, 4, 4, 'r'))

    const values = [read(0x40n, 1), read(0x40n, 2)]
    const result = space.write(0x40n, Uint8Array.of(1, 2, 3, 4))

    expect(values).toEqual([0xff, 0xffff])
    expect([result, log]).toEqual([MemTx.ok, []])
  })
})

property.prop(
  [
    fc.array(
      fc.record({ offset: fc.nat(12), length: fc.integer({ min: 1, max: 4 }), size: fc.constantFrom(1, 2, 4) }),
      {
        minLength: 1,
        maxLength: 6,
      },
    ),
  ],
  { numRuns: 100 },
)('every port of an entry is in a region, and regions neither touch nor overlap (PI-1)', (drawn) => {
  const entries = drawn
    .sort((a, b) => a.offset - b.offset)
    .map(({ offset, length, size }) => entry([], offset, length, size))

  const { regions } = new PortList('device', entries)
  const list = new PortList('device', entries)
  list.add(container('io', 0x10000n), 0)

  const touched = new Set(
    entries.flatMap(({ offset, length, size }) => Array.from({ length: length + size - 1 }, (_, i) => offset + i)),
  )
  const covered = list.regions.flatMap(({ address, size }) =>
    Array.from({ length: Number(size) }, (_, i) => Number(address) + i),
  )
  expect(covered).toEqual([...touched].sort((a, b) => a - b))
  for (const [i, { address, size }] of list.regions.entries()) {
    const next = list.regions[i + 1]
    if (next !== undefined) expect(next.address).toBeGreaterThan(address + size)
  }
  expect(regions.length).toBe(list.regions.length)
})
