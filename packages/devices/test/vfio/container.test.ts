import { GiB, KiB, LAST_ADDRESS, MiB } from '@hostbridge/core/address'
import { PageTableIommu } from '@hostbridge/core/iommu'
import { alias, MappingRefusedError, MemTx, ram, ramDevice, rom } from '@hostbridge/core/memory'
import { PlugRefusedError, VfioPciDevice } from '@hostbridge/devices/vfio'
import { describe, expect, test } from 'vitest'
import { iommuIn, dmaScene as scene } from './dma-scene.ts'
import { Guest, hostWith, thrownBy } from './guest.ts'
import { bytesOf, runsOf } from './page-table.ts'

const PAGE = 4n * KiB

describe('a guest without IOMMU', () => {
  test('has its RAM mapped in the largest pages that fit, at its own addresses', () => {
    const guest = new Guest(3n * GiB + 2n * MiB + 4n * KiB)
    const bus = guest.busOn(guest.machine.space)
    const { card } = hostWith({})

    const vfio = bus.plug('00:01.0', new VfioPciDevice(card))

    expect(runsOf(vfio.container!.table)).toEqual(['0+c0000>0 3/30', 'c0000+200>c0000 3/21', 'c0200+1>c0200 3/12'])
    expect(vfio.replay).toEqual({ events: 1, bytes: 3n * GiB + 2n * MiB + PAGE, failures: [] })
    expect(card.write(3n * GiB, Uint8Array.of(1))).toBe(MemTx.ok)
  })

  test('has what is added and removed at runtime mapped and unmapped', () => {
    const { root, plug, host } = scene()
    const vfio = plug()
    const region = ram('ram', 64n * KiB)

    root.add(region, 0x10000n)
    const added = runsOf(vfio.container!.table)
    root.remove(region)

    expect(added).toEqual(['10+10>0 3/12'])
    expect(vfio.container!.table.entries).toBe(0)
    expect(host.memory.placed).toBe(0)
  })

  test('has ROM, and RAM behind a read-only alias, mapped read-only (VS-5)', () => {
    const { guest, root, plug, card } = scene()
    const shown = alias('shown', guest.ram, { size: 64n * KiB })
    shown.setReadonly(true)
    root.add(shown, 0n)
    root.add(rom('rom', 64n * KiB), 0x10000n)

    const vfio = plug()

    expect(runsOf(vfio.container!.table)).toEqual(['0+10>0 1/12', '10+10>40000 1/12'])
    expect(card.write(0n, Uint8Array.of(1))).not.toBe(MemTx.ok)
  })
})

describe('the memory of another card', () => {
  test('is mapped like RAM, so that cards reach each other (MT-4)', () => {
    const { root, plug, card } = scene()
    const bar = ramDevice('bar', 64n * KiB)
    root.add(bar, 0x10000n)

    plug()

    expect(card.write(0x10008n, Uint8Array.of(5))).toBe(MemTx.ok)
    const into = new Uint8Array(1)
    bar.memory.read(8n, into)
    expect(into).toEqual(Uint8Array.of(5))
  })

  test('that the host refuses is left out, and the plug goes through (VF-1)', () => {
    const { root, plug } = scene({ maxEntries: 1 })
    root.add(ramDevice('bar', 8n * KiB), 0x10000n)
    root.add(ram('ram', 4n * KiB), 0x20000n)

    const container = plug().container!

    expect(container.skipped.map(({ region }) => region.name)).toEqual(['bar'])
    expect(runsOf(container.table)).toEqual(['20+1>40000 3/12'])
  })
})

describe('a rebuild', () => {
  test('that the host refuses names every run, and leaves what was mapped', () => {
    const { guest, root, plug } = scene({ maxEntries: 2 })
    const iommu = iommuIn(root, guest.machine.space, 0n, GiB)
    iommu.map({ iova: 0n, size: PAGE, to: 0n, access: 'rw' })
    const container = plug().container!
    const before = bytesOf(container.table.table)
    iommu.store({ iova: 0x8000n, size: 4n * PAGE, to: 0n, access: 'rw', pageSize: PAGE })

    const error = thrownBy(() => container.rebuild('card')) as PlugRefusedError

    expect(error).toBeInstanceOf(PlugRefusedError)
    expect(error.refused.map(({ iova, size, code }) => [iova, size, code])).toEqual([[0x9000n, 3n * PAGE, 'limit']])
    expect(bytesOf(container.table.table)).toEqual(before)
  })
})

describe('guest RAM that is unplugged', () => {
  test('stays in the host as long as the guest’s IOMMU maps it, and goes with the next change of the map', () => {
    const { guest, root, plug, card, host } = scene()
    const iommu = iommuIn(root, guest.machine.space, 0n, GiB)
    plug()
    const dimm = guest.machine.map(GiB, ram('dimm', 16n * MiB))
    iommu.map({ iova: 0n, size: PAGE, to: GiB, access: 'rw' })

    guest.machine.unmap(dimm)
    const held = [card.read(0n, 4).result, host.memory.placed]
    iommu.unmap({ iova: 0n, size: PAGE })
    guest.machine.map(GiB, ram('another', 16n * MiB))

    expect(held).toEqual([MemTx.ok, 1])
    expect(host.memory.placed).toBe(0)
  })

  test('leaves nothing in the host, however often other RAM takes its place', () => {
    const guest = new Guest(64n * MiB)
    const bus = guest.busOn(guest.machine.space)
    const { host, card } = hostWith({})
    bus.plug('00:01.0', new VfioPciDevice(card))

    for (let time = 0; time < 5; time++) {
      const dimm = guest.machine.map(GiB, ram('dimm', 16n * MiB))
      expect([card.read(GiB, 4).result, host.memory.placed]).toEqual([MemTx.ok, 2])
      guest.machine.unmap(dimm)
      expect([card.read(GiB, 4).result, host.memory.placed]).toEqual([MemTx.decodeError, 1])
    }
  })
})

describe('sections that are not mapped', () => {
  test('those that start with bit 63 set, without a word (VS-1, hazard 17)', () => {
    const { root, plug } = scene()
    root.add(ram('bar', 64n * KiB), 1n << 63n)
    root.add(ram('last', 64n * KiB), LAST_ADDRESS - 64n * KiB + 1n)

    const vfio = plug()

    expect(vfio.replay.bytes).toBe(0n)
    expect(vfio.container!.skipped).toEqual([])
  })

  test('those that are crooked to the host’s pages, which are listed, in adding as in removing (VS-2, VS-4, hazard 51)', () => {
    const { guest, root, plug } = scene({ pageSizes: [64n * KiB] })
    const crooked = alias('crooked', guest.ram, { offset: 0x1000n, size: MiB })
    root.add(crooked, 0n)

    const vfio = plug()
    const skipped = vfio.container!.skipped.map(({ start, size }) => [start, size])
    root.remove(crooked)

    expect(skipped).toEqual([[0n, MiB]])
    expect(vfio.container!.skipped).toEqual([])
    expect(vfio.container!.table.unmaps).toBe(0)
  })

  test('the ends that fill no host page (VS-3)', () => {
    const { root, plug } = scene({ pageSizes: [64n * KiB] })
    root.add(ram('ram', 0x28000n), 0x8000n)
    root.add(ram('even', 0x28000n), 0x100000n)

    const vfio = plug()

    expect(runsOf(vfio.container!.table)).toEqual(['100+20>0 3/16'])
  })
})

describe('changes of the memory map that the host cannot follow', () => {
  test('are thrown at whoever makes them, and nothing of the section is mapped (hazard 55)', () => {
    const { guest, root, plug, host } = scene({ maxEntries: 20 })
    root.add(alias('low', guest.ram, { size: 16n * PAGE }), 0n)
    const vfio = plug()
    const { table } = vfio.container!
    const before = bytesOf(table.table)
    const more = ram('more', 8n * PAGE)

    const error = thrownBy(() => root.add(more, 0x10_0000n))
    const afterwards = bytesOf(table.table)
    root.remove(more)

    expect(error).toBeInstanceOf(MappingRefusedError)
    expect(error).toMatchObject({ refused: [{ iova: 0x10_4000n, size: 4n * PAGE, code: 'limit' }] })
    expect(afterwards).toEqual(before)
    expect(table.unmaps).toBe(0)
    expect(host.memory.placed).toBe(1)
  })

  test('leave an IOMMU that was refused without a notifier', () => {
    const { guest, root, plug } = scene({ pageSizes: [64n * KiB] })
    plug()
    const iommu = new PageTableIommu({ size: GiB, target: guest.machine.space })
    iommu.map({ iova: 0x3000n, size: PAGE, to: 0n, access: 'rw' })

    const error = thrownBy(() => root.add(iommu.region, 0n))

    expect(error).toMatchObject({ refused: [{ iova: 0x3000n, size: PAGE, code: 'page-size' }] })
    expect(iommu.notifierFlags).toBe(0)
  })

  test('a window that opens with mappings in it is replayed at once (VB-2)', () => {
    const { guest, root, plug } = scene()
    const vfio = plug()
    const iommu = new PageTableIommu({ size: GiB, target: guest.machine.space })
    iommu.map({ iova: 0x3000n, size: PAGE, to: 0n, access: 'rw' })

    root.add(iommu.region, GiB)
    const opened = runsOf(vfio.container!.table)
    root.remove(iommu.region)

    expect(opened).toEqual(['40003+1>0 3/12'])
    expect(vfio.container!.table.entries).toBe(0)
    expect(vfio.container!.table.unmaps).toBe(1)
  })
})

describe('refusals of a plug', () => {
  test('name RAM outside the host’s ranges, and only that part of it', () => {
    const guest = new Guest(4n * GiB)
    const bus = guest.busOn(guest.machine.space)
    const iovaRanges = [
      { start: 0n, last: 0xfedf_ffffn },
      { start: 0xfef0_0000n, last: LAST_ADDRESS },
    ]
    const { host, card } = hostWith({ iovaRanges })

    const error = thrownBy(() => bus.plug('00:01.0', new VfioPciDevice(card)))

    expect(error).toBeInstanceOf(PlugRefusedError)
    expect(error).toMatchObject({ refused: [{ iova: 0xfee0_0000n, size: MiB, code: 'iova-range' }] })
    expect(host.memory.placed).toBe(0)
  })

  test('merge neighbours of one reason across sections', () => {
    const { root, plug } = scene({ iovaRanges: [{ start: 0n, last: 0xfffn }] })
    root.add(ram('one', 2n * PAGE), 0n)
    root.add(ram('two', 2n * PAGE), 0x2000n)

    const error = thrownBy(plug)

    expect(error).toMatchObject({ refused: [{ iova: 0x1000n, size: 3n * PAGE, code: 'iova-range' }] })
  })

  test('pass on what an IOMMU says that takes no such notifier (NR-4)', () => {
    class Proud extends PageTableIommu {
      protected override notifierFlagsChanged(): string {
        return 'caching mode is off'
      }
    }
    const { guest, root, plug, host } = scene()
    root.add(new Proud({ target: guest.machine.space }).region, 0n)

    expect(plug).toThrow(/caching mode is off/)
    expect(host.containers).toEqual([])
    expect(guest.machine.memory.listeners).toEqual([])
  })
})
