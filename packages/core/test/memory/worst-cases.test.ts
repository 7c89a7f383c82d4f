import { expect, test } from 'vitest'
import {
  type AddressSpace,
  alias,
  container,
  type FlatRange,
  type MemoryRegion,
  MemorySystem,
  mmio,
  ram,
} from '../../src/memory/index.ts'

// Maps that are made to be dear. What is seen is compared with a sweep over all borders that knows nothing of windows, tries
// and patches: of what is open at a border, the one that is rendered first wins.

const registers = { read: () => 0, write() {} }

interface Placed {
  readonly region: MemoryRegion
  readonly start: bigint
  readonly last: bigint
  /** The higher is seen. */
  readonly rank: number
}

/** What of regions that lie over each other is seen, as text. */
function swept(placed: readonly Placed[]): string[] {
  const byRank = [...placed].sort((one, other) => one.rank - other.rank)
  const index = new Map(byRank.map((one, i) => [one, i]))
  const starting = [...placed].sort((one, other) => (one.start < other.start ? -1 : 1))
  const ending = [...placed].sort((one, other) => (one.last < other.last ? -1 : 1))
  const borders = [...new Set(placed.flatMap(({ start, last }) => [start, last + 1n]))].sort((a, b) => (a < b ? -1 : 1))
  const open = new Uint8Array(byRank.length)
  let [s, e] = [0, 0]
  const seen: { one: Placed; start: bigint; last: bigint }[] = []
  for (const [i, at] of borders.entries()) {
    for (; e < ending.length && (ending[e] as Placed).last < at; e++) open[index.get(ending[e] as Placed) as number] = 0
    for (; s < starting.length && (starting[s] as Placed).start <= at; s++)
      open[index.get(starting[s] as Placed) as number] = 1
    const top = open.lastIndexOf(1)
    if (top < 0) continue
    const one = byRank[top] as Placed
    const last = (borders[i + 1] as bigint) - 1n
    const previous = seen.at(-1)
    if (previous?.one === one && previous.last + 1n === at) previous.last = last
    else seen.push({ one, start: at, last })
  }
  return seen.map(({ one, start, last }) => `${one.region.name} ${start}-${last}@${start - one.start}`)
}

const text = ({ region, start, last, offset }: FlatRange) => `${region.name} ${start}-${last}@${offset}`
const shown = (space: AddressSpace) => space.flatView.ranges.map(text)

/** A listener that keeps a map of its own from what it is told. */
function follower() {
  const map = new Map<string, string>()
  return {
    name: 'follower',
    priority: 0,
    map,
    regionAdd(section: FlatRange): undefined {
      map.set(`${section.start}`, text(section))
    },
    regionDel(section: FlatRange) {
      map.delete(`${section.start}`)
    },
  }
}

test('a large region that is moved under thousands of small ones is seen in all the gaps (FV-3, LC-1)', () => {
  const SMALL = 3000
  const root = container('root')
  const system = new MemorySystem('machine')
  const space = system.createSpace('memory', root)
  const large = ram('large', 0x400_0000n)
  const small: Placed[] = []
  system.transaction(() => {
    root.add(large, 0n, { priority: -1 })
    for (let i = 0; i < SMALL; i++) {
      const region = mmio(`small ${i}`, BigInt(1 + (i % 5)), registers)
      const start = BigInt(i) * 0x8000n + BigInt(i % 4096)
      root.add(region, start)
      small.push({ region, start, last: start + region.size - 1n, rank: i })
    }
  })
  const listener = follower()
  space.register(listener)

  for (const address of [0x1n, 0x123_4567n, 0x600_0000n, 2n ** 64n - 0x400_0000n, 0x7ffn]) {
    large.setAddress(address)

    const last = address + large.size - 1n
    const expected = swept([...small, { region: large, start: address, last, rank: -1 }])
    expect(shown(space)).toEqual(expected)
    expect(new Set(listener.map.values())).toEqual(new Set(expected))
  }
})

test('thousands of nested children, each over the one before it, are seen as rings (FV-3, TM-2)', () => {
  const DEEP = 2000
  const root = container('root')
  const system = new MemorySystem('machine')
  const space = system.createSpace('memory', root)
  const placed: Placed[] = []
  system.transaction(() => {
    for (let i = 0; i < DEEP; i++) {
      const region = mmio(`r${i}`, BigInt(2 * (DEEP - i)), registers)
      root.add(region, BigInt(0x1000 + i))
      placed.push({ region, start: BigInt(0x1000 + i), last: BigInt(0x1000 + 2 * DEEP - i - 1), rank: i })
    }
  })
  const before = shown(space)
  const [middle] = placed.splice(DEEP / 2, 1) as [Placed]

  root.remove(middle.region)
  const without = shown(space)
  // It is the newest now, and covers what lies inside it.
  root.add(middle.region, middle.start)

  expect(before.length).toBe(2 * DEEP - 1)
  expect(without).toEqual(swept(placed))
  expect(shown(space)).toEqual(swept([...placed, { ...middle, rank: DEEP }]))
})

test('thousands of children that overlap by halves, in every order of priority, are seen as they rank (TM-2)', () => {
  const MANY = 2000
  const root = container('root')
  const system = new MemorySystem('machine')
  const space = system.createSpace('memory', root)
  const placed: Placed[] = []
  system.transaction(() => {
    for (let i = 0; i < MANY; i++) {
      const region = ram(`r${i}`, 0x1800n)
      const priority = (i * 7919) % 101
      const start = BigInt(i) * 0xc00n
      root.add(region, start, { priority })
      placed.push({ region, start, last: start + 0x17ffn, rank: priority * MANY + i })
    }
  })

  const first = shown(space)
  for (const one of placed.filter((_, i) => i % 97 === 0)) one.region.setEnabled(false)

  expect(first).toEqual(swept(placed))
  expect(shown(space)).toEqual(swept(placed.filter((_, i) => i % 97 !== 0)))
})

test('a chain of hundreds of containers and aliases, one in the other, shows what is at its end (MR-7)', () => {
  const DEEP = 300
  const system = new MemorySystem('machine')
  const memory = ram('memory', 0x1000n)
  let inner: MemoryRegion = memory
  for (let i = 0; i < DEEP; i++) {
    const outer = container(`c${i}`)
    outer.add(inner, 1n)
    outer.add(mmio(`m${i}`, 1n, registers), BigInt(0x2_0000 + 4 * i))
    inner = i % 2 === 0 ? outer : alias(`a${i}`, outer, { offset: 1n, size: 0x10_0000n })
  }
  const root = container('root')
  root.add(inner, 0n)
  root.add(mmio('other', 1n, registers), 0x200_0000n)
  const space = system.createSpace('memory', root)

  const [first] = space.flatView.ranges
  memory.setSize(0x800n)

  // Every second step goes one byte up and, through the alias, one down; the last container is seen through an alias.
  expect(first && text(first)).toBe(`memory ${DEEP / 2}-${DEEP / 2 + 0xfff}@0`)
  expect(shown(space)[0]).toBe(`memory ${DEEP / 2}-${DEEP / 2 + 0x7ff}@0`)
  expect(shown(space).length).toBe(DEEP + 2)
})

test('hundreds of unmergeable regions side by side stay whole, however their window is cut (FV-6)', () => {
  const root = container('root')
  const placed = Array.from({ length: 900 }, (_, i): Placed => {
    const region = ram(`r${i}`, 0x1000n)
    const start = BigInt(i) * 0x1000n
    region.setUnmergeable(true)
    root.add(region, start)
    return { region, start, last: start + 0xfffn, rank: i }
  })

  const space = new MemorySystem('machine').createSpace('memory', root)

  expect(shown(space)).toEqual(swept(placed))
})
