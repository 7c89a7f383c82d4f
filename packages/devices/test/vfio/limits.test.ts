import { fc } from '@fast-check/vitest'
import { KiB } from '@hostbridge/core/address'
import type { Mapping } from '@hostbridge/core/iommu'
import { VfioPciDevice } from '@hostbridge/devices/vfio'
import { describe, expect, test } from 'vitest'
import { Guest, hostWith, thrownBy } from './guest.ts'
import { bytesOf, runsOf } from './page-table.ts'

const PAGE = 4n * KiB

/** Disjoint single pages, some of them neighbours. */
const pages = fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 40 })

function pageAt(page: number): Mapping {
  return { iova: BigInt(page) * PAGE, size: PAGE, to: BigInt(page) * PAGE, access: 'rw' }
}

describe('a host with a limit of k entries', () => {
  test('takes k pages and refuses a plug with one more, naming all from entry k on (DM-5)', () => {
    fc.assert(
      fc.property(pages, fc.nat(45), (mapped, maxEntries) => {
        const guest = new Guest()
        const { bus, iommu } = guest.busWithIommu()
        for (const page of mapped) iommu.map(pageAt(page))
        const { host, card } = hostWith({ maxEntries })
        const vfio = new VfioPciDevice(card)

        if (mapped.length <= maxEntries) {
          bus.plug('00:01.0', vfio)

          expect(vfio.container!.table.entries).toBe(mapped.length)
        } else {
          const error = thrownBy(() => bus.plug('00:01.0', vfio)) as { refused: { iova: bigint; size: bigint }[] }

          const refused = error.refused.flatMap(({ iova, size }) =>
            Array.from({ length: Number(size / PAGE) }, (_, index) => Number(iova / PAGE) + index),
          )
          expect(refused).toEqual(mapped.toSorted((a, b) => a - b).slice(maxEntries))
          expect([host.entries, host.memory.placed, bus.devices.length]).toEqual([0, 0, 0])
        }
      }),
      { numRuns: 60 },
    )
  })

  test('keeps its table to the byte when it refuses the guest’s own mapping at entry k, and the guest keeps its entry', () => {
    fc.assert(
      fc.property(pages, fc.integer({ min: 1, max: 20 }), (mapped, maxEntries) => {
        const guest = new Guest()
        const { bus, iommu } = guest.busWithIommu()
        const { card } = hostWith({ maxEntries })
        const { table } = bus.plug('00:01.0', new VfioPciDevice(card)).container!

        for (const [index, page] of mapped.entries()) {
          const before = bytesOf(table.table)
          const put = (): void => iommu.map(pageAt(page))
          if (index < maxEntries) put()
          else expect(put).toThrow(`the host's page table is full with ${maxEntries} entries`)
          if (index >= maxEntries) expect(bytesOf(table.table)).toEqual(before)
        }

        expect(table.entries).toBe(Math.min(mapped.length, maxEntries))
        expect(iommu.table.entries).toBe(table.entries)
      }),
      { numRuns: 60 },
    )
  })

  test('counts large pages as one', () => {
    const guest = new Guest()
    const { bus, iommu } = guest.busWithIommu()
    iommu.map({ iova: 0n, size: 64n * 16n * KiB, to: 0n, access: 'rw', pageSize: 16n * KiB })
    const { card } = hostWith({ pageSizes: [PAGE, 16n * KiB], maxEntries: 64 })

    const vfio = bus.plug('00:01.0', new VfioPciDevice(card))

    expect(runsOf(vfio.container!.table)).toEqual(['0+100>0 3/14'])
  })

  test('takes the next mapping when another has gone', () => {
    const guest = new Guest()
    const { bus, iommu } = guest.busWithIommu()
    iommu.map(pageAt(1))
    const { card } = hostWith({ maxEntries: 1 })
    const vfio = bus.plug('00:01.0', new VfioPciDevice(card))
    thrownBy(() => iommu.map(pageAt(3)))

    iommu.unmap({ iova: PAGE, size: PAGE })
    iommu.map(pageAt(3))

    expect(runsOf(vfio.container!.table)).toEqual(['3+1>3 3/12'])
  })
})
