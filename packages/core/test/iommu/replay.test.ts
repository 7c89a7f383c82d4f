import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import {
  type IommuEvent,
  mapEvent,
  Notifier,
  NotifierFlag,
  PageTableIommu,
  RadixTable,
  Replay,
  type ReplayResult,
} from '../../src/iommu/index.ts'
import { EntryListModel } from './entry-list-model.ts'
import { IndexedIommu } from './indexed-iommu.ts'
import { makeIommu, makeTarget, record, refusal } from './make-iommu.ts'
import { mergeTold, replayByStepping, type Told } from './replay-oracle.ts'

/** First pages of windows of 64 pages: at 0, around 2^53 and 2^63 bytes, at the end of the space. */
const PLACES = [0, 2 ** 41 - 32, 2 ** 51 - 32, 2 ** 52 - 64]
const PAGES = 64

const mappings = fc.array(
  fc.record({
    page: fc.integer({ min: 0, max: PAGES - 1 }),
    pages: fc.integer({ min: 1, max: PAGES }),
    order: fc.integer({ min: 0, max: 5 }),
    target: fc.integer({ min: 0, max: 2 }),
    permission: fc.integer({ min: 1, max: 3 }),
  }),
  { maxLength: 8 },
)

const granularities = fc.oneof(
  fc.constantFrom(
    512n,
    4096n,
    4097n,
    6144n,
    8192n,
    12288n,
    65536n,
    100_001n,
    2n ** 53n + 1n,
    2n ** 64n - 4096n,
    2n ** 64n,
  ),
  fc.bigInt(64n, 70_000n),
  fc.bigInt(1n, 2n ** 64n),
)

/** A byte of the window, often at the edge of a page. */
const byte = fc
  .tuple(fc.integer({ min: 0, max: PAGES - 1 }), fc.constantFrom(0, 1, 2047, 4094, 4095))
  .map(([page, offset]) => BigInt(page * 4096 + offset))

function replayInto(table: RadixTable, size: bigint, notifier: Notifier, granularity: bigint): ReplayResult {
  const replay = new Replay({ size, pageShift: 12 }, notifier, { granularity })
  const cursor = table.runs(replay.firstFrame, replay.lastFrame)
  for (let count = cursor.next(); count > 0; count = cursor.next()) replay.take(cursor.runs, count)
  return replay.result()
}

describe('Replay', () => {
  test.prop(
    [fc.constantFrom(...PLACES), mappings, granularities, fc.tuple(byte, byte), fc.option(byte), fc.boolean()],
    { numRuns: 200 },
  )(
    'tells what stepping from position to position finds (RP-2, ND-5)',
    (place, maps, granularity, ends, cut, merge) => {
      const table = new RadixTable()
      const model = new EntryListModel(table.shifts)
      for (const { page, pages, order, target, permission } of maps) {
        const size = 2 ** order
        const frame = place + Math.floor(page / size) * size
        const frames = Math.min(Math.ceil(pages / size) * size, place + PAGES - frame)
        const to = Math.floor((page * 7) / size) * size + target * 2 ** 30
        for (const each of [table, model]) each.map(frame, frames, to, permission, 12 + order)
      }
      const base = BigInt(place) * 4096n
      const [start, last] = ends[0] < ends[1] ? ends : [ends[1], ends[0]]
      const range = { start: base + start, last: base + last }
      const size = cut === null ? 2n ** 64n : base + cut + 1n
      const told: Told[] = []
      const notifier = new Notifier({
        flags: NotifierFlag.map,
        range,
        form: merge ? 'runs' : 'entries',
        notify: (event) => {
          told.push({ iova: event.iova, to: event.translatedAddress, size: event.size, permission: event.permission })
        },
      })

      const result = replayInto(table, size, notifier, granularity)

      const stepped = replayByStepping(model, { size, granularity, ...range, wanted: 3 })
      expect(told).toEqual(merge ? mergeTold(model, stepped) : stepped)
      expect(result).toEqual({
        events: told.length,
        bytes: told.reduce((sum, { size }) => sum + size, 0n),
        failures: [],
      })
    },
  )

  test('tells two slices of a region together what one over all of it is told (RP-5)', () => {
    const iommu = makeIommu()
    for (let page = 0n; page < 32n; page++)
      iommu.store({ iova: page << 12n, size: 4096n, to: page << 13n, access: 'rw' })
    const whole = record()
    const slices = [
      { start: 0n, last: 0x8fffn },
      { start: 0x9000n, last: 2n ** 64n - 1n },
    ].map((range) => record({ range }))

    iommu.replay(whole.notifier, { granularity: 0x3000n })
    for (const { notifier } of slices) iommu.replay(notifier, { granularity: 0x3000n })

    expect(slices.flatMap(({ log }) => log)).toEqual(whole.log)
    expect(whole.log).toHaveLength(11)
  })

  test('counts as the loop does: 262,144 pages of 1 GiB; one page and a half is two probes (RP-11)', () => {
    const gigabyte = makeIommu({ size: 2n ** 30n, pageSizes: [4096n] })
    gigabyte.store({ iova: 0n, size: 2n ** 30n, to: 0n, access: 'r' })
    const odd = makeIommu({ size: 0x1800n })
    odd.store({ iova: 0n, size: 0x4000n, to: 0n, access: 'r', pageSize: 4096n })

    expect(gigabyte.replay(record().notifier).events).toBe(262_144)
    expect(odd.replay(record().notifier).events).toBe(2)
  })

  test('ends for a region whose last step would wrap (RP-4, RP-11)', () => {
    const iommu = makeIommu({ size: 2n ** 64n - 0x800n })
    iommu.store({ iova: 2n ** 64n - 4096n, size: 4096n, to: 0n, access: 'w' })
    const { notifier, log } = record()

    iommu.replay(notifier)

    expect(log).toEqual(['map 0xfffffffffffff000+0x1000 -> 0x0 w'])
  })

  test('ends for 2^64 bytes at any granularity, and finds the last page (RP-3, RP-7)', () => {
    const iommu = makeIommu()
    iommu.store({ iova: 2n ** 64n - 4096n, size: 4096n, to: 0n, access: 'w' })

    for (const granularity of [1n, 2n, 4095n, 4096n, 1n << 63n]) {
      const found = granularity <= 4096n
      expect(iommu.replay(record().notifier, { granularity }).events, `${granularity}`).toBe(found ? 1 : 0)
    }
  })

  test('tells one entry of 2^64 bytes once, whatever the granularity (RP-6)', () => {
    const iommu = makeIommu()
    iommu.store({ iova: 0n, size: 2n ** 64n, to: 0n, access: 'rw' })
    const { notifier, log } = record()

    const fine = iommu.replay(notifier, { granularity: 1n })
    const coarse = iommu.replay(notifier, { granularity: 2n ** 64n })

    expect(fine).toEqual({ events: 1, bytes: 2n ** 64n, failures: [] })
    expect(coarse).toEqual(fine)
    expect(log[0]).toBe('map 0x0+0x10000000000000000 -> 0x0 rw')
  })

  test('does not cut an entry that begins inside the region at the end of the region (RP-2)', () => {
    const iommu = makeIommu({ size: 0x3000n })
    iommu.store({ iova: 0n, size: 0x8000n, to: 0n, access: 'rw' })
    const behind = record({ range: { start: 0x5000n, last: 0x5fffn } })

    iommu.replay(behind.notifier)

    expect(behind.log).toEqual(['map 0x5000+0x1000 -> 0x5000 rw'])
  })

  test('with a step above the guest’s page skips the pages in between, with one below it tells each page once (HI-1, RP-6)', () => {
    const iommu = makeIommu({ pageSizes: [4096n] })
    for (let page = 0n; page < 8n; page++)
      iommu.store({ iova: page << 12n, size: 4096n, to: page << 16n, access: 'rw' })
    const [above, below] = [record(), record()]

    iommu.replay(above.notifier, { granularity: 0x4000n })
    iommu.replay(below.notifier, { granularity: 0x400n })

    expect(above.log).toEqual(['map 0x0+0x1000 -> 0x0 rw', 'map 0x4000+0x1000 -> 0x40000 rw'])
    expect(below.log).toHaveLength(8)
  })

  test('is all that a subclass with a way of its own makes of it (RP-1)', () => {
    class Own extends PageTableIommu {
      override replay(notifier: Notifier): ReplayResult {
        notifier.notify(mapEvent(7, 1, 9, 1, 12))
        return { events: 1, bytes: 4096n, failures: [] }
      }
    }
    const iommu = new Own({ target: makeTarget() })
    iommu.store({ iova: 0n, size: 0x4000n, to: 0n, access: 'rw' })
    const { notifier, log } = record()

    const result = iommu.registerWithReplay(notifier)

    expect([result.events, log]).toEqual([1, ['map 0x7000+0x1000 -> 0x9000 r']])
  })

  test('translates nothing, so it causes no faults and counts no accesses (RP-10, RV-4)', () => {
    const iommu = new IndexedIommu(1)
    iommu.tables[0]?.map(3, 2, 8, 3, 12)

    const { events } = iommu.replay(record().notifier)

    expect([events, iommu.asked]).toEqual([2, 0])
  })

  test('walks the translation that the notifier hears of (TE-9, ND-2)', () => {
    const iommu = new IndexedIommu(2)
    iommu.tables[0]?.map(0, 1, 1, 3, 12)
    iommu.tables[1]?.map(5, 1, 2, 1, 12)
    const { notifier, log } = record({ index: 1 })

    iommu.registerWithReplay(notifier)

    expect(log).toEqual(['map 0x5000+0x1000 -> 0x2000 r'])
  })

  test('tells only mappings that permit the access asked for', () => {
    const iommu = makeIommu()
    for (const [page, access] of (['r', 'w', 'rw'] as const).entries()) {
      iommu.store({ iova: BigInt(page) << 12n, size: 4096n, to: 0n, access })
    }
    const [read, write] = [record(), record()]

    iommu.replay(read.notifier, { access: 'read' })
    iommu.replay(write.notifier, { access: 'write' })

    expect(read.log).toEqual(['map 0x0+0x1000 -> 0x0 r', 'map 0x2000+0x1000 -> 0x0 rw'])
    expect(write.log).toEqual(['map 0x1000+0x1000 -> 0x0 w', 'map 0x2000+0x1000 -> 0x0 rw'])
  })

  test('tells a notifier that hears of no maps nothing (RP-2)', () => {
    const iommu = makeIommu()
    iommu.store({ iova: 0n, size: 4096n, to: 0n, access: 'rw' })

    expect(iommu.replay(record({ flags: NotifierFlag.unmap }).notifier)).toEqual({ events: 0, bytes: 0n, failures: [] })
  })

  test('tells what is mapped and nothing of what is not (RP-8)', () => {
    const iommu = makeIommu()
    const { notifier, log } = record({ flags: 7 })
    iommu.registerWithReplay(notifier)
    iommu.map({ iova: 0n, size: 4096n, to: 0n, access: 'rw' })
    iommu.erase({ iova: 0n, size: 4096n })

    iommu.replay(notifier)

    expect(log).toEqual(['map 0x0+0x1000 -> 0x0 rw'])
  })

  test('merges into runs on request, whatever form the notifier has', () => {
    const iommu = makeIommu({ pageSizes: [4096n] })
    iommu.store({ iova: 0x1000n, size: 0x4000n, to: 0x9000n, access: 'rw' })
    const { notifier, log } = record()

    const result = iommu.replay(notifier, { form: 'runs' })

    expect(log).toEqual(['map 0x1000+0x4000 -> 0x9000 rw'])
    expect(result).toEqual({ events: 1, bytes: 0x4000n, failures: [] })
  })

  test('collects what is refused and goes on', () => {
    const iommu = makeIommu({ pageSizes: [4096n] })
    iommu.store({ iova: 0n, size: 0x4000n, to: 0n, access: 'rw' })
    const { notifier, log } = record({ notify: (event) => (event.frame % 2 ? refusal(`f${event.frame}`) : undefined) })

    const { events, bytes, failures } = iommu.replay(notifier)

    expect([events, bytes, log.length]).toEqual([4, 0x4000n, 4])
    expect(failures.map(({ code }) => code)).toEqual(['f1', 'f3'])
  })

  test('throws for a granularity of 0 and less (RP-4)', () => {
    const iommu = makeIommu()

    for (const granularity of [0n, -4096n]) {
      expect(() => iommu.replay(record().notifier, { granularity })).toThrow(
        expect.objectContaining({ code: 'iommu.granularity' }),
      )
    }
  })

  test('survives a callback that unmaps everything under it', () => {
    const iommu = makeIommu()
    for (let page = 0n; page < 2000n; page++) iommu.store({ iova: page << 13n, size: 4096n, to: 0n, access: 'rw' })
    const notify = (_: IommuEvent): undefined => iommu.erase({ iova: 0n, size: 2n ** 64n }) as undefined

    const { events } = iommu.replay(record({ notify }).notifier)

    expect(events).toBeLessThan(2000)
    expect(iommu.table.entries).toBe(0)
  })

  test('finds 1,000 scattered mappings of a 2^64 window, ascending', () => {
    const iommu = makeIommu()
    const iovas = Array.from(
      { length: 1000 },
      (_, k) => BigInt.asUintN(64, BigInt(k) * 0x9e37_79b9_7f4a_7c15n) & ~0xfffn,
    )
    for (const iova of iovas) iommu.store({ iova, size: 4096n, to: 0n, access: 'rw' })
    const found: bigint[] = []
    const notify = ({ iova }: IommuEvent): undefined => void found.push(iova)

    const { events, bytes } = iommu.replay(record({ notify }).notifier)

    expect({ events, bytes }).toEqual({ events: 1000, bytes: 4_096_000n })
    expect(found).toEqual(iovas.toSorted((a, b) => (a < b ? -1 : 1)))
  })
})
