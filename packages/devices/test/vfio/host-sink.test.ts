import { fc } from '@fast-check/vitest'
import { GiB, KiB, MiB } from '@hostbridge/core/address'
import { RUN_LANES, type RunCursor } from '@hostbridge/core/iommu'
import { ram } from '@hostbridge/core/memory'
import { VfioPciDevice } from '@hostbridge/devices/vfio'
import { describe, expect, test } from 'vitest'
import { dmaScene, iommuIn } from './dma-scene.ts'
import { Guest, hostWith, thrownBy } from './guest.ts'
import { bytesOf, runsFrom } from './page-table.ts'

const PAGE = 4n * KiB
const RW = 3 | (12 << 2)

/** A guest with a card that has not been told of the mappings, and the container's sink. */
function scene(options: Parameters<typeof hostWith>[0] = {}) {
  const guest = new Guest(64n * MiB)
  const { bus, iommu } = guest.busWithIommu()
  const { card, host } = hostWith(options)
  const container = bus.plug('00:01.0', new VfioPciDevice(card, { replay: false })).container!
  return { guest, bus, iommu, host, container, sink: container.sink(iommu), table: container.table.table }
}

/** Every run of a cursor, cut into pieces of `most` frames, as careless shards might. */
function* pieces(cursor: RunCursor, most: number): Generator<[number, number, number, number]> {
  for (let count = cursor.next(); count > 0; count = cursor.next()) {
    for (let at = 0; at < count * RUN_LANES; at += RUN_LANES) {
      const [iova = 0, frames = 0, target = 0, meta = 0] = cursor.runs.subarray(at, at + RUN_LANES)
      for (let done = 0; done < frames; done += most) {
        yield [iova + done, Math.min(most, frames - done), target + done, meta]
      }
    }
  }
}

describe('HostSink', () => {
  test('makes the bytes, the counts and the refusals that a replay to the notifier makes, however runs are cut', () => {
    const mapping = fc.record({
      iova: fc.nat(2000),
      pages: fc.integer({ min: 1, max: 700 }),
      to: fc.nat(17_000),
      pageSize: fc.constantFrom(undefined, PAGE),
      access: fc.constantFrom<'r' | 'w' | 'rw'>('r', 'w', 'rw'),
    })
    fc.assert(
      fc.property(
        fc.array(mapping, { maxLength: 6 }),
        fc.constantFrom([PAGE], [PAGE, 64n * KiB, 2n * MiB], [64n * KiB]),
        fc.constantFrom(Infinity, 300),
        fc.integer({ min: 1, max: 900 }),
        (mappings, pageSizes, maxEntries, most) => {
          const { iommu, sink, table, bus } = scene({ pageSizes, maxEntries })
          for (const { iova, pages, to, pageSize, access } of mappings) {
            const [at, into] = [BigInt(iova) * PAGE, BigInt(to) * PAGE]
            iommu.store({ iova: at, size: BigInt(pages) * PAGE, to: into, access, ...(pageSize && { pageSize }) })
          }
          const empty = bytesOf(table)

          sink.begin()
          for (const run of pieces(iommu.runs(0, 2 ** 52 - 1), most)) sink.accept(runsFrom(run), 1)
          const sunk = sink.commit()

          const other = hostWith({ pageSizes, maxEntries })
          const vfio = new VfioPciDevice(other.card)
          if (sunk.failures.length > 0) {
            const error = thrownBy(() => bus.plug('00:02.0', vfio))
            expect(error).toMatchObject({ refused: sunk.failures })
            expect(bytesOf(table)).toEqual(empty)
          } else {
            bus.plug('00:02.0', vfio)
            expect(sunk).toEqual(vfio.replay)
            expect(bytesOf(table)).toEqual(bytesOf(vfio.container!.table.table))
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('rolls back to the byte, with what was mapped before still there', () => {
    const { host, iommu, sink, table } = scene()
    iommu.map({ iova: 0n, size: 3n * PAGE, to: 0n, access: 'rw' })
    const before = bytesOf(table)
    sink.begin()
    sink.accept(runsFrom([1, 2000, 0, RW], [2 ** 40, 10, 0, RW]), 2)

    sink.rollback()

    expect(bytesOf(table)).toEqual(before)
    expect(host.memory.placed).toBe(1)
  })

  test('rolls back what was refused too, and the guest maps on', () => {
    const { iommu, sink, table } = scene()
    sink.begin()
    sink.accept(runsFrom([0, 1, 2 ** 30, RW], [5, 1, 5, RW]), 2)
    sink.rollback()

    iommu.map({ iova: 0n, size: PAGE, to: 0n, access: 'rw' })

    expect(table.entries).toBe(1)
  })

  test('goes back to the RAM that was there when it opened, whatever leaves the guest meanwhile', () => {
    const { guest, host, iommu, sink } = scene()
    const dimm = guest.machine.map(GiB, ram('dimm', 16n * MiB))
    iommu.map({ iova: 0n, size: PAGE, to: GiB, access: 'rw' })
    iommu.unmap({ iova: 0n, size: PAGE })
    sink.begin()
    guest.machine.unmap(dimm)
    sink.accept(runsFrom([0, 1, 0, RW], [1, 1, 5, RW]), 2)

    sink.rollback()
    const placed = host.memory.placed
    guest.machine.map(GiB, ram('another', 16n * MiB))

    expect([placed, host.memory.placed]).toEqual([1, 0])
  })

  test('gives back the RAM that only a rolled back fill needed', () => {
    const { host, sink } = scene()
    sink.begin()
    sink.accept(runsFrom([0, 1, 0, RW], [5, 1, 5, RW]), 2)

    sink.rollback()

    expect(host.memory.placed).toBe(0)
  })

  test('lets the guest change nothing while it is open', () => {
    const { iommu, sink, container } = scene()
    sink.begin()

    expect(() => iommu.map({ iova: 0n, size: PAGE, to: 0n, access: 'rw' })).toThrow(/a sink is filling the page table/)
    expect(() => container.sink(iommu).begin()).toThrow(/a second sink has to wait/)
    sink.commit()
    iommu.map({ iova: 0n, size: PAGE, to: 0n, access: 'rw' })
    expect(container.table.entries).toBe(1)
  })

  test('is closed, with all taken back, by a change of the memory map that cannot wait', () => {
    const { guest, iommu, sink, table } = scene()
    iommu.map({ iova: 0n, size: 3n * PAGE, to: 0n, access: 'rw' })
    sink.begin()
    sink.accept(runsFrom([100, 7, 0, RW], [200, 1, 0, RW]), 2)

    iommu.region.setEnabled(false)
    const entries = table.entries
    iommu.region.setEnabled(true)

    expect(entries).toBe(0)
    expect(() => sink.accept(runsFrom([200, 7, 0, RW]), 1)).toThrow(/a change of the memory map, .* has closed it/)
    expect(() => sink.commit()).toThrow(expect.objectContaining({ code: 'vfio.sink-closed' }))
    sink.rollback()
    expect(guest.machine.memory.listeners).toHaveLength(1)
    expect(table.entries).toBe(0)
  })

  test('stays open while the map changes elsewhere', () => {
    const { guest, sink, table } = scene()
    const bus = guest.busOn(guest.machine.space)
    const whole = bus.plug('00:01.0', new VfioPciDevice(hostWith({}).card)).container!
    sink.begin()
    sink.accept(runsFrom([100, 7, 0, RW], [200, 1, 0, RW]), 2)

    guest.machine.map(256n * MiB, ram('dimm', 2n * MiB))

    expect(whole.table.entries).toBe(33)
    expect(sink.commit().bytes).toBe(8n * PAGE)
    expect(table.entries).toBe(8)
  })

  test('is closed by a section that appears beside it', () => {
    const { guest, root, plug } = dmaScene()
    const iommu = iommuIn(root, guest.machine.space, 0n, GiB)
    const container = plug().container!
    const sink = container.sink(iommu)
    sink.begin()
    sink.accept(runsFrom([100, 7, 0, RW], [200, 1, 0, RW]), 2)

    root.add(ram('ram', 2n * MiB), GiB)

    expect(container.table.entries).toBe(1)
    expect(() => sink.commit()).toThrow(/is not open/)
  })

  test('is closed by a restore, which maps what is there now', () => {
    const { guest, iommu, sink, table } = scene()
    const state = guest.machine.save()
    sink.begin()
    sink.accept(runsFrom([100, 7, 0, RW], [200, 1, 0, RW]), 2)
    iommu.store({ iova: 0n, size: 2n * PAGE, to: 0n, access: 'rw', pageSize: PAGE })

    guest.machine.restore(state)

    expect(table.entries).toBe(2)
    expect(() => sink.commit()).toThrow(/is not open/)
    expect(() => table.commit()).toThrow(/no transaction of the page table is open/)
  })

  test('lets the card be unplugged, after which it cannot be opened', () => {
    const { host, bus, sink, table } = scene()
    sink.begin()
    sink.accept(runsFrom([100, 7, 0, RW], [200, 1, 0, RW]), 2)

    bus.unplug(bus.devices[0]!)

    expect([table.entries, host.containers.length, host.memory.placed]).toEqual([0, 0, 0])
    expect(() => sink.commit()).toThrow(/is not open/)
    expect(() => sink.begin()).toThrow(/does not follow 'iommu0'/)
  })

  test('fills the window as it is when it opens, not as it was when it was made', () => {
    const { iommu, sink, table } = scene()
    iommu.region.setSize(4n * PAGE)
    sink.begin()
    sink.accept(runsFrom([0, 100, 0, RW]), 1)

    expect(sink.commit()).toEqual({ events: 1, bytes: 4n * PAGE, failures: [] })
    expect(table.entries).toBe(4)
  })

  test('is not to be had for an IOMMU that the container does not follow', () => {
    const { guest, container, bus, iommu } = scene()
    const other = guest.busWithIommu().iommu

    expect(() => container.sink(other)).toThrow(/does not follow 'iommu1': plug a card first/)
    bus.unplug(bus.devices[0]!)
    expect(() => container.sink(iommu)).toThrow(/does not follow 'iommu0'/)
  })
})
