import { ADDRESS_SPACE_SIZE, GiB, KiB, MiB } from '@hostbridge/core/address'
import { PageTableIommu } from '@hostbridge/core/iommu'
import { alias, container, IommuRegion, MappingRefusedError, MemTx, ram } from '@hostbridge/core/memory'
import { VfioPciDevice } from '@hostbridge/devices/vfio'
import { describe, expect, test } from 'vitest'
import { iommuIn, dmaScene as scene } from './dma-scene.ts'
import { Guest, hostWith, thrownBy } from './guest.ts'
import { bytesOf, runsOf } from './page-table.ts'

const PAGE = 4n * KiB

describe('a guest IOMMU in the middle of an address space', () => {
  test('has its mappings at the section’s addresses (VB-2, VN-1)', () => {
    const { guest, root, plug, card } = scene()
    const iommu = iommuIn(root, guest.machine.space, 0x8000_0000n, GiB)
    iommu.map({ iova: 0x3000n, size: PAGE, to: 0x5000n, access: 'rw' })
    const vfio = plug()

    iommu.map({ iova: 0x9000n, size: PAGE, to: 0x6000n, access: 'r' })

    expect(runsOf(vfio.container!.table)).toEqual(['80003+1>5 3/12', '80009+1>6 1/12'])
    expect(card.read(0x8000_3000n, 8).result).toBe(MemTx.ok)
  })

  test('is followed on both sides of a window that covers a part of it (hazards 14 and 15)', () => {
    const { guest, root, plug } = scene()
    const iommu = iommuIn(root, guest.machine.space, 0n, GiB)
    const hole = ram('hole', MiB)
    root.add(hole, 256n * MiB, { priority: 1 })
    iommu.map({ iova: 256n * MiB - PAGE, size: PAGE, to: 0n, access: 'rw' })
    iommu.map({ iova: 256n * MiB, size: PAGE, to: 0x1000n, access: 'rw' })
    iommu.map({ iova: 257n * MiB, size: PAGE, to: 0x2000n, access: 'rw' })

    const vfio = plug()
    const { table } = vfio.container!

    expect(runsOf(table)).toEqual(['ffff+1>0 3/12', '10000+100>40000 3/12', '10100+1>2 3/12'])
    root.remove(hole)
    expect(runsOf(table)).toEqual(['ffff+2>0 3/12', '10100+1>2 3/12'])
  })

  test('is followed by alias too, at the alias’s offset in it', () => {
    const { guest, root, plug } = scene()
    const iommu = new PageTableIommu({ size: GiB, target: guest.machine.space })
    root.add(alias('slice', iommu.region, { offset: 0x10_0000n, size: MiB }), 0x4000_0000n)
    iommu.map({ iova: 0xf_f000n, size: 2n * PAGE, to: 0x5000n, access: 'rw' })

    const vfio = plug()
    iommu.map({ iova: 0x1f_f000n, size: 2n * PAGE, to: 0x8000n, access: 'rw' })

    expect(runsOf(vfio.container!.table)).toEqual(['40000+1>6 3/12', '400ff+1>8 3/12'])
  })

  test('keeps large entries apart where section and RAM lie across their size, as they do one by one', () => {
    const { guest, root, plug } = scene({ pageSizes: [PAGE, 2n * MiB] })
    guest.machine.map(GiB + MiB, ram('odd', 64n * MiB))
    const iommu = iommuIn(root, guest.machine.space, MiB, GiB)
    iommu.map({ iova: 0n, size: 8n * MiB, to: GiB + 2n * MiB, access: 'rw', pageSize: 2n * MiB })

    const vfio = plug()

    expect(runsOf(vfio.container!.table)).toEqual(['100+800>100 3/12'])
  })

  test('is refused where it leads elsewhere than to the guest’s memory (VN-1, hazard 45)', () => {
    const { guest, root, plug } = scene()
    const elsewhere = guest.machine.memory.createSpace('elsewhere', container('elsewhere'))
    const iommu = iommuIn(root, elsewhere, 0n, GiB)
    iommu.map({ iova: 0x3000n, size: PAGE, to: 0n, access: 'rw' })

    const error = thrownBy(plug)

    expect(error).toMatchObject({ refused: [{ iova: 0x3000n, size: PAGE, code: 'target' }] })
  })

  test('is refused as a whole where it cannot tell what it maps', () => {
    const { root, plug } = scene()
    root.add(new IommuRegion('opaque', MiB, { translate: () => {} }), 0n)

    const error = thrownBy(plug)

    expect(error).toMatchObject({ refused: [{ iova: 0n, size: MiB, code: 'no-replay' }] })
  })

  test('is refused in the pages that the section has in part only, on either side', () => {
    const { guest, root, plug } = scene()
    const iommu = new PageTableIommu({ size: GiB, target: guest.machine.space })
    root.add(alias('slice', iommu.region, { offset: 0x800n, size: 0x3000n }), 0x800n)
    iommu.map({ iova: 0n, size: 16n * PAGE, to: 0n, access: 'rw' })

    const error = thrownBy(plug)

    expect(error).toMatchObject({
      refused: [
        { iova: 0n, size: PAGE, code: 'page-size' },
        { iova: 0x3000n, size: PAGE, code: 'page-size' },
      ],
    })
  })
})

describe('a window of 2^64 bytes', () => {
  test('has its first and last page mapped, and unmapped by an unmap of everything (VN-5, hazards 11 to 13)', () => {
    const guest = new Guest()
    const { bus, iommu } = guest.busWithIommu(ADDRESS_SPACE_SIZE)
    const last = ADDRESS_SPACE_SIZE - PAGE
    iommu.map({ iova: 0n, size: PAGE, to: 0x1000n, access: 'rw' })
    iommu.map({ iova: last, size: PAGE, to: 0x2000n, access: 'rw' })
    const { card } = hostWith({})
    const vfio = bus.plug('00:01.0', new VfioPciDevice(card))

    const reads = [card.read(0n, 8).result, card.read(last, 4096).result]
    iommu.unmap({ iova: 0n, size: ADDRESS_SPACE_SIZE })

    expect(reads).toEqual([MemTx.ok, MemTx.ok])
    expect(vfio.container!.table.entries).toBe(0)
  })
})

describe('a change of the guest’s own', () => {
  test('that maps over a mapping replaces it in the host (section 8.1)', () => {
    const { guest, root, plug } = scene()
    const iommu = iommuIn(root, guest.machine.space, 0n, GiB)
    iommu.map({ iova: 0x1000n, size: 4n * PAGE, to: 0n, access: 'rw' })
    const vfio = plug()

    iommu.map({ iova: 0x2000n, size: PAGE, to: 0x9000n, access: 'r' })

    expect(runsOf(vfio.container!.table)).toEqual(['1+1>0 3/12', '2+1>9 1/12', '3+2>2 3/12'])
  })

  test('that the host cannot map is refused, and the old mapping stays on both sides', () => {
    const { guest, root, plug } = scene()
    const iommu = iommuIn(root, guest.machine.space, 0n, GiB)
    iommu.map({ iova: 0x1000n, size: PAGE, to: 0x3000n, access: 'rw' })
    const vfio = plug()
    const before = [runsOf(vfio.container!.table), bytesOf(iommu.table)]

    const error = thrownBy(() => iommu.map({ iova: 0x1000n, size: PAGE, to: 2n * GiB, access: 'rw' }))

    expect(error).toBeInstanceOf(MappingRefusedError)
    expect(error).toMatchObject({ refused: [{ iova: 0x1000n, size: PAGE, code: 'not-ram' }] })
    expect([runsOf(vfio.container!.table), bytesOf(iommu.table)]).toEqual(before)
  })

  test('that is refused takes no RAM into the host', () => {
    const { guest, root, plug, host } = scene()
    guest.machine.map(GiB, ram('more', MiB))
    const iommu = iommuIn(root, guest.machine.space, 0n, GiB)
    plug()

    const error = thrownBy(() => iommu.map({ iova: 0n, size: 2n * MiB, to: GiB, access: 'rw' }))

    expect(error).toMatchObject({ refused: [{ iova: MiB, size: MiB, code: 'not-ram' }] })
    expect(host.memory.placed).toBe(0)
  })

  test('that is refused by one container is taken back in the other', () => {
    const guest = new Guest()
    const iommu = new PageTableIommu({ size: GiB, target: guest.machine.space })
    const buses = ['left', 'right'].map((name) => {
      const root = container(name)
      root.add(alias(`${name} view`, iommu.region), 0n)
      return guest.busOn(guest.machine.memory.createSpace(name, root))
    })
    iommu.map({ iova: 0x1000n, size: PAGE, to: 0x3000n, access: 'rw' })
    const tight = buses[0]!.plug('00:01.0', new VfioPciDevice(hostWith({ maxEntries: 1 }).card))
    const roomy = buses[1]!.plug('00:01.0', new VfioPciDevice(hostWith({}).card))
    const tables = [tight.container!.table, roomy.container!.table]
    const before = tables.map(runsOf)

    const error = thrownBy(() => iommu.map({ iova: 0x1000n, size: 2n * PAGE, to: 0x8000n, access: 'rw' }))

    expect(error).toMatchObject({ refused: [{ iova: 0x2000n, size: PAGE, code: 'limit' }] })
    expect(tables.map(runsOf)).toEqual(before)
    iommu.map({ iova: 0x1000n, size: PAGE, to: 0x8000n, access: 'rw' })
    expect(tables.map(runsOf)).toEqual([['1+1>8 3/12'], ['1+1>8 3/12']])
  })

  test('that unmaps a part of a large page leaves the rest of it (hazard 10)', () => {
    const { guest, root, plug } = scene({ pageSizes: [PAGE, 2n * MiB] })
    const iommu = iommuIn(root, guest.machine.space, 0n, GiB)
    iommu.map({ iova: 0n, size: 2n * MiB, to: 0n, access: 'rw' })
    const vfio = plug()

    iommu.unmap({ iova: 0x10_0000n, size: PAGE })

    expect(runsOf(vfio.container!.table)).toEqual(['0+100>0 3/12', '101+ff>101 3/12'])
  })

  test('that would cut the host’s smallest page is refused (DM-2)', () => {
    const { guest, root, plug } = scene({ pageSizes: [64n * KiB] })
    const iommu = iommuIn(root, guest.machine.space, 0n, GiB)
    iommu.map({ iova: 0n, size: 64n * KiB, to: 0n, access: 'rw' })
    const vfio = plug()

    const error = thrownBy(() => iommu.unmap({ iova: 0x4000n, size: PAGE }))

    expect(error).toMatchObject({ refused: [{ iova: 0x4000n, size: PAGE, code: 'page-size' }] })
    expect(runsOf(vfio.container!.table)).toEqual(['0+10>0 3/16'])
  })
})

test('the card’s DMA needs the permission that the guest has given', () => {
  const { guest, root, plug, card } = scene()
  const iommu = iommuIn(root, guest.machine.space, 0n, GiB)
  iommu.map({ iova: 0x1000n, size: PAGE, to: 0n, access: 'r' })
  iommu.map({ iova: 0x2000n, size: PAGE, to: 0n, access: 'w' })
  plug()

  const results = [0x1000n, 0x2000n].map((iova) => [
    card.read(iova, 1).result === MemTx.ok,
    card.write(iova, Uint8Array.of(1)) === MemTx.ok,
  ])

  expect(results).toEqual([
    [true, false],
    [false, true],
  ])
})
