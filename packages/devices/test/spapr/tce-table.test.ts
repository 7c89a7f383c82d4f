// Long because it has a test for each of the rules TC-1 to TC-12, in their order.
import { GiB, MiB } from '@hostbridge/core/address'
import { Notifier, NotifierFlag } from '@hostbridge/core/iommu'
import { Machine } from '@hostbridge/core/machine'
import {
  type AddressSpace,
  MappingRefusedError,
  type MemoryListener,
  MemTx,
  ram,
  type Translation,
} from '@hostbridge/core/memory'
import { TceTable } from '@hostbridge/devices/spapr'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Mirror } from './mirror.ts'

const SMALL = { pageShift: 12, busOffset: 0n, entries: 64 }

function build(window = SMALL): { machine: Machine; dma: AddressSpace; table: TceTable } {
  const machine = new Machine('pseries')
  const table = new TceTable(0x80000000, machine.space)
  const dma = machine.memory.createSpace('dma', table.root)
  table.enable(window)
  return { machine, dma, table }
}

function translate(table: TceTable, frame: number): Omit<Translation, 'target'> {
  const out: Translation = { permission: 0, frame: 0, shift: 0, target: undefined }
  table.translate(frame, 0, out)
  expect(out.target).toBe(table.target)
  return { permission: out.permission, frame: out.frame, shift: out.shift }
}

describe('a TCE table', () => {
  it('is disabled without a window, and has a LIOBN of 32 bits, pages and a number of entries with one (TC-1)', () => {
    const table = new TceTable(0x80000101, new Machine('pseries').space)
    const before = [table.window, table.entries, table.isDefault, table.needVfio]

    table.enable({ pageShift: 16, busOffset: 1n * GiB, entries: 2 ** 32 - 1 })

    expect(before).toEqual([undefined, 0, false, false])
    expect([table.liobn, table.entries, table.pageShift]).toEqual([0x80000101, 2 ** 32 - 1, 16])
    expect(() => table.enable({ pageShift: 16, busOffset: 0n, entries: 2 ** 32 })).toThrow()
  })

  it.each([2 ** 31, 2 ** 32 - 1])(
    'of %d entries has memory for the neighbours of those that are mapped (TC-1)',
    (entries) => {
      const { table } = build({ pageShift: 12, busOffset: 0n, entries })
      const committed = () => table.source().segments.reduce((sum, segment) => sum + segment.entries, 0)
      const before = committed()

      for (const index of [0, 2 ** 30, entries - 1]) table.store(index, 0x5003n)
      table.clear()
      table.fill(0, 2 ** 20, 0n)

      expect(before).toBe(0)
      expect(table.source().segments.length).toBeLessThanOrEqual(3)
      expect([table.entryAt(0), table.entryAt(entries - 1)]).toEqual([0n, 0n])
    },
  )

  it('shows its window on the bus while it is enabled, and only then (TC-3)', () => {
    const { dma, table } = build({ pageShift: 16, busOffset: 1n * GiB, entries: 16 })

    const shown = dma.flatView.ranges.map(({ start, size, region }) => [start, size, region.name])
    table.disable()

    expect(shown).toEqual([[1n * GiB, 1n * MiB, 'tce-0x80000000']])
    expect(dma.flatView.ranges).toEqual([])
  })

  it('translates to the real page, with the permission of bits 1..0, and ignores the bits between (TC-2, TC-4)', () => {
    const { table } = build({ pageShift: 16, busOffset: 0n, entries: 4 })

    table.store(1, 0xffff_8000_0005_fffdn)

    expect(table.entryAt(1)).toBe(0xffff_8000_0005_fffdn)
    expect(translate(table, 16)).toEqual({
      permission: 1,
      frame: 0xffff_8000_0005_0,
      shift: 16,
    })
    expect(translate(table, 31).frame).toBe(0xffff_8000_0005_f)
    expect(translate(table, 0)).toMatchObject({ permission: 0, shift: 16 })
  })

  it('is followed by accesses that have gone through it before, also through another window (TC-4, TC-6)', () => {
    const { machine, dma, table } = build()
    machine.map(0n, ram('ram', 1n * MiB))
    for (let page = 0; page < 16; page++) machine.space.store64(BigInt(page) * 0x1000n, BigInt(page))
    const at = (address: bigint) => [dma.load64(address), dma.load64(address)]
    table.store(3, 0x5003n)

    const before = at(0x3000n)
    table.store(3, 0x6003n)
    const moved = at(0x3000n)
    table.store(3, 0x6002n)
    const noRead = [...at(0x3000n), dma.store64(0x3008n, 1n), dma.read(0x3000n, new Uint8Array(8))]
    table.disable()
    const gone = [...at(0x3000n), dma.store64(0x3000n, 1n)]
    table.enable({ pageShift: 16, busOffset: 0x20000n, entries: 64 })
    table.store(2, 0x0003n)
    const large = [at(0x43000n), at(0x4f000n), at(0x3000n)]
    machine.memory.transaction(() => {
      table.disable()
      table.enable({ pageShift: 12, busOffset: 0x20000n, entries: 1024 })
      table.store(0x20 + 3, 0x9003n)
      large.push(at(0x43000n), at(0x44000n))
    })

    expect([before, moved]).toEqual([
      [5n, 5n],
      [6n, 6n],
    ])
    expect(noRead).toEqual([0n, 0n, MemTx.ok, MemTx.decodeError])
    expect(gone).toEqual([0n, 0n, MemTx.decodeError])
    expect(large).toEqual([
      [3n, 3n],
      [15n, 15n],
      [0n, 0n],
      [9n, 9n],
      [0n, 0n],
    ])
  })

  it('answers outside its entries with nothing, in one piece (TC-4)', () => {
    const { table } = build()

    expect(translate(table, 64)).toEqual({ permission: 0, frame: 0, shift: 64 })
    table.disable()
    expect(translate(table, 0)).toEqual({ permission: 0, frame: 0, shift: 64 })
  })

  it('has the smallest page of its window, and system memory as its target (TC-5)', () => {
    const { machine, table } = build({ pageShift: 24, busOffset: 0n, entries: 1 })

    expect([table.pageShift, table.target]).toEqual([24, machine.space])
  })

  it('is enabled once, and forgets all but being the default when it is disabled (TC-6)', () => {
    const { table } = build()
    table.isDefault = true
    table.store(0, 0x1003n)

    expect(() => table.enable(SMALL)).toThrowError(/is enabled over \[0x0, 0x3ffff\]/)
    table.disable()
    table.disable()
    table.enable(SMALL)

    expect(table.entryAt(0)).toBe(0n)
    expect(table.isDefault).toBe(true)
  })

  it('is cleared without a word to its notifiers (TC-7)', () => {
    const { table } = build()
    const mirror = new Mirror('vfio')
    table.register(mirror.notifier)
    table.store(3, 0x5003n)

    table.clear()

    expect(table.entryAt(3)).toBe(0n)
    expect(mirror.log).toEqual(['map 0x3000 → 0x5000 3'])
  })

  it('is followed by VFIO from its first notifier to its last, and has no device IOTLB (TC-8)', () => {
    const { table } = build()
    const mirror = new Mirror('vfio')
    const seen = [table.needVfio]

    table.register(mirror.notifier)
    seen.push(table.needVfio)
    table.unregister(mirror.notifier)
    seen.push(table.needVfio)

    expect(seen).toEqual([false, true, false])
    const iotlb = new Notifier({ flags: NotifierFlag.devIotlbUnmap, notify: () => {} })
    expect(() => table.register(iotlb)).toThrowError(/no device IOTLB/)
    expect(table.needVfio).toBe(false)
  })

  it('keeps what is mapped when VFIO begins and ends to follow it, and is told of neither twice (TC-8, hazard 39)', () => {
    const { table } = build()
    table.store(2, 0x8003n)
    const mirrors = ['one', 'two'].map((name) => new Mirror(name))
    const seen: [boolean, bigint][] = []
    const look = (): void => void seen.push([table.needVfio, table.entryAt(2)])

    for (const { notifier } of mirrors) {
      table.register(notifier)
      look()
    }
    for (const { notifier } of mirrors) {
      table.unregister(notifier)
      look()
    }

    expect(seen).toEqual([
      [true, 0x8003n],
      [true, 0x8003n],
      [true, 0x8003n],
      [false, 0x8003n],
    ])
  })

  it('replays what is mapped, entry by entry and merged (TC-9)', () => {
    const { table } = build()
    for (const [index, tce] of [0x8003n, 0x9003n, 0xb003n, 0x1000n].entries()) table.store(index + 2, tce)
    const mirror = new Mirror('late')

    const entries = table.replay(mirror.notifier)
    const runs = table.replay(mirror.notifier, { form: 'runs' })

    expect(mirror.log.slice(0, 3)).toEqual(['map 0x2000 → 0x8000 3', 'map 0x3000 → 0x9000 3', 'map 0x4000 → 0xb000 3'])
    expect([entries.events, runs.events, entries.bytes, runs.bytes]).toEqual([3, 2, 0x3000n, 0x3000n])
  })

  it('replays nothing of a new window (DW-6), and nothing while it is disabled', () => {
    const { table } = build()
    const mirror = new Mirror('late')

    const fresh = table.replay(mirror.notifier)
    table.disable()
    const disabled = table.replay(mirror.notifier)

    expect([fresh.events, disabled.events]).toEqual([0, 0])
  })

  it('announces each store with exactly one event, a map over a mapping with the map alone (TC-10)', () => {
    const { table } = build()
    const mirror = new Mirror('vfio')
    table.register(mirror.notifier)

    for (const tce of [0n, 0x5001n, 0x5001n, 0x6002n, 0x7000n]) table.store(1, tce)

    expect(mirror.log).toEqual([
      'unmap 0x1000',
      'map 0x1000 → 0x5000 1',
      'map 0x1000 → 0x5000 1',
      'map 0x1000 → 0x6000 2',
      'unmap 0x1000',
    ])
  })

  it('announces the real page alone, without the bits between (TC-2, TC-10)', () => {
    const { table } = build({ pageShift: 16, busOffset: 1n * GiB, entries: 16 })
    const mirror = new Mirror('vfio')
    table.register(mirror.notifier)

    table.store(2, 0xffff_8000_0005_fffdn)

    expect(mirror.log).toEqual(['map 0x20000 → 0xffff800000050000 1'])
    expect([...mirror.pages.keys()]).toEqual(Array.from({ length: 16 }, (_, page) => 32 + page))
  })

  it('announces a store that one of its notifiers makes, and after that what was stored before', () => {
    const { table } = build()
    const mirrors = [new Mirror('old'), new Mirror('new')] as const
    for (const { notifier } of mirrors) table.register(notifier)
    mirrors[1].refuses = () => {
      mirrors[1].refuses = () => false
      table.store(7, 0x9001n)
      return false
    }

    table.store(3, 0x5003n)
    table.store(4, 0x6003n)

    expect(mirrors[0].log).toEqual(['map 0x7000 → 0x9000 1', 'map 0x3000 → 0x5000 3', 'map 0x4000 → 0x6000 3'])
  })

  it('keeps the old entry when a notifier refuses, and those who were told are told back', () => {
    const { table } = build()
    const [first, second] = [new Mirror('first'), new Mirror('second')]
    table.register(first.notifier)
    table.register(second.notifier)
    table.store(1, 0x5003n)
    first.refuses = () => true

    const replaced = table.store(1, 0x6003n)
    const added = table.store(2, 0x7003n)

    expect(replaced).toEqual([{ iova: 0x1000n, size: 0x1000n, code: 'limit', reason: 'the host is full' }])
    expect(added).toHaveLength(1)
    expect([table.entryAt(1), table.entryAt(2)]).toEqual([0x5003n, 0n])
    expect(second.log.slice(1)).toEqual([
      'map 0x1000 → 0x6000 3',
      'map 0x1000 → 0x5000 3',
      'map 0x2000 → 0x7000 3',
      'unmap 0x2000',
    ])
  })

  it('puts back the old entry when a notifier throws', () => {
    const { table } = build()
    table.store(1, 0x5003n)
    const broken = (): never => {
      throw new Error('broken')
    }
    table.register(new Notifier({ flags: NotifierFlag.map, notify: broken }))

    expect(() => table.store(1, 0x6003n)).toThrowError('broken')
    expect(table.entryAt(1)).toBe(0x5003n)
  })

  it('gives its composer put and unput, which throw at what cannot be', () => {
    const { dma, table } = build({ pageShift: 16, busOffset: 1n * GiB, entries: 16 })
    const mirror = new Mirror('vfio')
    table.register(mirror.notifier)

    table.put(1n * GiB + 0x10000n, { to: 0x40000n, access: 'w' })
    table.unput(1n * GiB + 0x10000n)
    table.put(1n * GiB + 0x20000n, { to: 0x50000n, access: 'r' })

    expect(mirror.log).toEqual(['map 0x10000 → 0x40000 2', 'unmap 0x10000', 'map 0x20000 → 0x50000 1'])
    expect(dma.explain(1n * GiB + 0x20000n, 4, 2)?.code).toBe('no-write')
    const bad = { to: 0n, access: 'rw' } as const
    expect(() => table.put(0n, bad)).toThrowError(
      /0x0 cannot be put in 'tce-0x80000000', over \[0x40000000, 0x400fffff\].*outside/,
    )
    expect(() => table.put(1n * GiB + 0x1000n, bad)).toThrowError(/begins no page/)
    expect(() => table.put(1n * GiB, { to: 0x1000n, access: 'rw' })).toThrowError(
      /target 0x1000 begins no page of 0x10000/,
    )
    mirror.refuses = () => true
    expect(() => table.put(1n * GiB, bad)).toThrowError(MappingRefusedError)
    table.disable()
    expect(() => table.put(1n * GiB, bad)).toThrowError(/which has no window/)
  })

  it.each([
    [{ pageShift: 13, busOffset: 0n, entries: 1 }, /page shift 13/],
    [{ pageShift: 12, busOffset: 0n, entries: 0 }, /0 entries/],
    [{ pageShift: 12, busOffset: 0n, entries: 2 ** 32 }, /4294967296 entries/],
    [{ pageShift: 16, busOffset: 0x1000n, entries: 1 }, /no multiple of the page size/],
    [{ pageShift: 12, busOffset: 2n ** 64n - 0x1000n, entries: 2 }, /do not end below 2\^64/],
  ])('refuses the window %o', (window, reason) => {
    const table = new TceTable(0x80000000, new Machine('pseries').space)

    expect(() => table.enable(window)).toThrowError(reason)
    expect(table.window).toBeUndefined()
  })

  it('stays disabled when a listener refuses the window', () => {
    const machine = new Machine('pseries')
    const table = new TceTable(0x80000000, machine.space)
    const dma = machine.memory.createSpace('dma', table.root)
    const listener: MemoryListener = {
      name: 'vfio',
      priority: 0,
      regionAdd: ({ start, size }) => [{ iova: start, size, code: 'iova-range', reason: 'outside' }],
    }
    dma.register(listener)

    expect(() => table.enable(SMALL)).toThrowError(MappingRefusedError)

    expect([table.window, dma.flatView.ranges]).toEqual([undefined, []])
    dma.unregister(listener)
    table.enable(SMALL)
    expect(table.entries).toBe(64)
  })

  it('costs no memory for a window of 2^32 - 1 pages of 16 MiB, whose last page can be mapped', () => {
    const { table } = build({ pageShift: 24, busOffset: 0n, entries: 2 ** 32 - 1 })
    const mirror = new Mirror('late')
    table.put((2n ** 32n - 2n) << 24n, { to: 0x3000000n, access: 'rw' })

    const { events, bytes } = table.replay(mirror.notifier, { form: 'runs' })

    expect([events, bytes]).toEqual([1, 16n * MiB])
    expect(mirror.log).toEqual(['map 0xfffffffe000000 → 0x3000000 3'])
  })

  it('says, translates and replays for every content what a plain list of entries does', () => {
    const tce = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 0xfffffn }))
    const stores = fc.array(fc.tuple(fc.nat(15), tce), { maxLength: 30 })

    fc.assert(
      fc.property(fc.constantFrom(12, 16, 21, 24), stores, (pageShift, list) => {
        const { table } = build({ pageShift, busOffset: 0n, entries: 16 })
        const plain = new Array<bigint>(16).fill(0n)
        for (const [index, value] of list) {
          table.store(index, value)
          plain[index] = value
        }
        const mirror = new Mirror('late')
        table.replay(mirror.notifier)

        const page = 1n << BigInt(pageShift)
        const expected = plain.flatMap((value, index) => {
          if ((value & 3n) === 0n) return []
          const target = value - (value % page)
          return [`map 0x${(BigInt(index) * page).toString(16)} → 0x${target.toString(16)} ${value & 3n}`]
        })
        expect(mirror.log).toEqual(expected)
        for (const [index, value] of plain.entries()) {
          const { permission, frame } = translate(table, (index * Number(page)) / 4096)
          expect(table.entryAt(index)).toBe(value)
          expect(permission).toBe(Number(value & 3n))
          if (permission !== 0) expect(BigInt(frame) * 4096n).toBe(value - (value % page))
        }
      }),
      { numRuns: 100 },
    )
  })

  it('and its notifiers agree after every sequence of stores, whoever refuses what', () => {
    const store = fc.record({ index: fc.nat(3), tce: fc.bigInt({ min: 0n, max: 0x7fffn }), refuser: fc.nat(4) })

    fc.assert(
      fc.property(fc.array(store, { maxLength: 40 }), (stores) => {
        const { table } = build()
        const mirrors = ['a', 'b', 'c'].map((name) => new Mirror(name))
        for (const { notifier } of mirrors) table.register(notifier)
        const plain = [0n, 0n, 0n, 0n]

        for (const { index, tce, refuser } of stores) {
          for (const [number, mirror] of mirrors.entries()) {
            mirror.refuses = ({ permission }) => number === refuser && permission !== 0
          }
          const old = plain[index] as bigint
          const refused = table.store(index, tce) !== undefined
          expect(refused).toBe(refuser < mirrors.length && (tce & 3n) !== 0n)
          plain[index] = refused ? old : tce
        }

        const expected = plain.flatMap((tce, index) =>
          (tce & 3n) === 0n ? [] : [[index, `${tce >> 12n} ${tce & 3n}`]],
        )
        for (const mirror of mirrors) expect([...mirror.pages].sort()).toEqual(expected)
        expect(plain.map((_, index) => table.entryAt(index))).toEqual(plain)
      }),
      { numRuns: 100 },
    )
  })
})
