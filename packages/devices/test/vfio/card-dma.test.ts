import { fc } from '@fast-check/vitest'
import { GiB, KiB } from '@hostbridge/core/address'
import { ram, rom } from '@hostbridge/core/memory'
import { DmaEngine } from '@hostbridge/devices/endpoints'
import { VfioPciDevice } from '@hostbridge/devices/vfio'
import { describe, expect, test } from 'vitest'
import { Guest, hostWith } from './guest.ts'

const PAGE = 4n * KiB
const SPAN = 40

const mapping = fc.record({
  iova: fc.nat(SPAN - 8),
  pages: fc.integer({ min: 1, max: 8 }),
  to: fc.nat(SPAN - 8),
  access: fc.constantFrom<'r' | 'w' | 'rw'>('r', 'w', 'rw'),
  late: fc.boolean(),
})

const access = fc.record({
  at: fc.nat((SPAN + 4) * 4096),
  length: fc.integer({ min: 1, max: 9000 }),
  write: fc.boolean(),
})

describe('DMA of a passed-through card', () => {
  test('does what that of an emulated device on the same bus does, for any mappings, early and late', () => {
    fc.assert(
      fc.property(
        fc.array(mapping, { maxLength: 8 }),
        fc.array(access, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(0n, 1n << 46n, (1n << 64n) - BigInt(SPAN + 8) * PAGE),
        (mappings, accesses, base) => {
          const guest = new Guest(BigInt(SPAN - 10) * PAGE)
          guest.machine.map(BigInt(SPAN - 10) * PAGE, rom('rom', 10n * PAGE))
          const { bus, iommu } = guest.busWithIommu()
          const { card } = hostWith({ pageSizes: [PAGE, 16n * KiB] })
          const engine = bus.plug('00:01.0', new DmaEngine())
          const map = (late: boolean): void => {
            for (const { iova, pages, to, access } of mappings.filter((it) => it.late === late)) {
              iommu.map({ iova: base + BigInt(iova) * PAGE, size: BigInt(pages) * PAGE, to: BigInt(to) * PAGE, access })
            }
          }
          map(false)
          bus.plug('00:02.0', new VfioPciDevice(card))
          map(true)

          for (const { at, length, write } of accesses) {
            const iova = base + BigInt(at)
            const fits = Number((1n << 64n) - iova)
            const bytes = Uint8Array.from({ length: Math.min(length, fits) }, (_, index) => at + 7 * index)
            if (write) {
              const results = [
                engine.write(iova, bytes),
                card.write(
                  iova,
                  bytes.map((byte) => byte ^ 0xff),
                ),
              ]
              expect(results[1] === 0).toBe(results[0] === 0)
            } else {
              expect(card.read(iova, bytes.length).bytes).toEqual(engine.read(iova, bytes.length).bytes)
            }
          }
          expect([...card.faults].map(({ iova, access }) => [iova, access])).toEqual(
            [...engine.faults].map(({ iova, access }) => [iova, access]),
          )
        },
      ),
      { numRuns: 120 },
    )
  })

  test('sees a write of the emulated device at once, and the other way round, across two regions', () => {
    const guest = new Guest(GiB)
    guest.machine.map(GiB, ram('more', GiB))
    const { bus, iommu } = guest.busWithIommu()
    iommu.map({ iova: 0x10_0000n, size: 4n * PAGE, to: GiB - 2n * PAGE, access: 'rw', pageSize: PAGE })
    const { card } = hostWith({})
    const engine = bus.plug('00:01.0', new DmaEngine())
    bus.plug('00:02.0', new VfioPciDevice(card))
    const [there, back] = [
      Uint8Array.from({ length: 9000 }, (_, i) => i),
      Uint8Array.from({ length: 9000 }, (_, i) => 3 * i),
    ]

    engine.write(0x10_0100n, there)
    const seen = card.read(0x10_0100n, 9000).bytes
    card.write(0x10_0200n, back)

    expect(seen).toEqual(there)
    expect(engine.read(0x10_0200n, 9000).bytes).toEqual(back)
  })

  test('does not need the bus to have an IOMMU', () => {
    const guest = new Guest()
    const bus = guest.busOn(guest.machine.space)
    const { card } = hostWith({})
    const engine = bus.plug('00:01.0', new DmaEngine())
    bus.plug('00:02.0', new VfioPciDevice(card))

    card.write(0x1234n, Uint8Array.of(1, 2, 3))

    expect(engine.read(0x1234n, 3).bytes).toEqual(Uint8Array.of(1, 2, 3))
  })
})
