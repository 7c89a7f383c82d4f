import { fc, test as propTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { container, formatMapAround, MemorySystem, ram } from '../../../src/memory/index.ts'
import { board } from './board.ts'

test('what lies in a range is marked, with one neighbour on each side', () => {
  const { memory } = board()

  expect(formatMapAround(memory, { start: 0xd000_0800n, last: 0xd000_1fffn })).toMatchInlineSnapshot(`
    "
      'memory' around 0xd0000800:
        00000000c0000000-00000000cfffffff     256 MiB  nothing
      > 00000000d0000000-00000000d0001000      4097 B  mmio 'uart'
      > 00000000d0001001-00000000d0ffffff   ~16.0 MiB  nothing
        00000000d1000000-00000000d100ffff      64 KiB  ram 'nvram' non-volatile"
  `)
})

test('of many stretches the first three are written, and how many follow', () => {
  const { memory } = board()

  expect(formatMapAround(memory, { start: 0n, last: 2n ** 64n - 1n })).toMatchInlineSnapshot(`
    "
      'memory' around 0x0:
      > 0000000000000000-00000000bfffffff       3 GiB  ram 'dram'
      > 00000000c0000000-00000000cfffffff     256 MiB  nothing
      > 00000000d0000000-00000000d0001000      4097 B  mmio 'uart'
      > … and 12 more"
  `)
})

test('a space in which nothing is says so', () => {
  const space = new MemorySystem('machine').createSpace('empty', container('root'))

  expect(formatMapAround(space, { start: 0x1000n, last: 0x1000n })).toMatchInlineSnapshot(`
    "
      'empty' around 0x1000:
      > 0000000000000000-ffffffffffffffff      16 EiB  nothing"
  `)
})

propTest.prop([
  fc.array(fc.tuple(fc.nat({ max: 60 }), fc.integer({ min: 1, max: 9 })), { maxLength: 12 }),
  fc.nat({ max: 60 }),
  fc.nat({ max: 60 }),
])('a slice has at most seven lines, and marks what has the range’s first address', (places, a, b) => {
  const root = container('root')
  for (const [at, size] of places) root.add(ram(`r${at}`, BigInt(size)), BigInt(at))
  const space = new MemorySystem('machine').createSpace('memory', root)
  const start = BigInt(Math.min(a, b))

  const lines = formatMapAround(space, { start, last: BigInt(Math.max(a, b)) })
    .slice(1)
    .split('\n')

  const marked = lines.find((line) => line.startsWith('  >'))
  expect(lines.length).toBeLessThanOrEqual(7)
  expect(marked).toContain(space.find(start) === undefined ? 'nothing' : `'${space.find(start)!.region.name}'`)
})
