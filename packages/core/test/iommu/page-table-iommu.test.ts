import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { PageTableIommu } from '../../src/iommu/index.ts'
import { collect } from './entry-list-model.ts'
import { makeIommu, makeTarget, record, refusal } from './make-iommu.ts'

function translate(iommu: PageTableIommu, frame: number) {
  const out = { permission: 0, frame: 0, shift: 0, target: undefined }
  iommu.translate(frame, 0, out)
  return out
}

const everything = (iommu: PageTableIommu) => collect(iommu.runs(0, 2 ** 52 - 1))

describe('PageTableIommu', () => {
  test('translates what is mapped, and answers for the rest with a page without permission (TE-2)', () => {
    const target = makeTarget()
    const iommu = new PageTableIommu({ target, pageSizes: [0x10000n, 0x4000n] })

    iommu.map({ iova: 0x10000n, size: 0x14000n, to: 0x40000n, access: 'rw' })

    expect(iommu.pageShift).toBe(14)
    expect(translate(iommu, 0x12)).toEqual({ permission: 3, frame: 0x42, shift: 16, target })
    expect(translate(iommu, 0x21)).toEqual({ permission: 3, frame: 0x51, shift: 14, target })
    expect(translate(iommu, 0x24)).toMatchObject({ permission: 0, shift: 14, target })
  })

  test('announces one event for each size of entries, entry by entry or as runs', () => {
    const iommu = makeIommu()
    const log: string[] = []
    iommu.register(record({ name: 'e' }, log).notifier)
    iommu.register(record({ name: 'r', form: 'runs' }, log).notifier)

    iommu.map({ iova: 0x1000n, size: 0x4000n, to: 0x3000n, access: 'r' })

    expect(log).toEqual([
      'r: map 0x1000+0x1000 -> 0x3000 r',
      'e: map 0x1000+0x1000 -> 0x3000 r',
      'r: map 0x2000+0x2000 -> 0x4000 r',
      'e: map 0x2000+0x2000 -> 0x4000 r',
      'r: map 0x4000+0x1000 -> 0x6000 r',
      'e: map 0x4000+0x1000 -> 0x6000 r',
    ])
  })

  test('announces a map over a mapping as unmap and map (ND-8)', () => {
    const iommu = makeIommu()
    const { notifier, log } = record()
    iommu.map({ iova: 0n, size: 0x4000n, to: 0n, access: 'rw' })
    iommu.register(notifier)

    iommu.map({ iova: 0x1000n, size: 0x1000n, to: 0x9000n, access: 'r' })

    expect(log).toEqual(['unmap 0x1000+0x1000', 'map 0x1000+0x1000 -> 0x9000 r'])
  })

  test('announces an unmap as one event, and one of nothing not at all', () => {
    const iommu = makeIommu()
    const { notifier, log } = record()
    iommu.map({ iova: 0n, size: 0x4000n, to: 0n, access: 'rw' })
    iommu.register(notifier)

    iommu.unmap({ iova: 0x1000n, size: 2n ** 64n - 0x1000n })
    iommu.unmap({ iova: 0x1000n, size: 0x1000n })

    expect(log).toEqual(['unmap 0x1000+0xfffffffffffff000'])
    expect(everything(iommu)).toEqual([{ frame: 0, frames: 1, target: 0, permission: 3, shift: 12 }])
  })

  test('tells nobody of what is stored and erased', () => {
    const iommu = makeIommu()
    const { notifier, log } = record()
    iommu.register(notifier)

    iommu.store({ iova: 0n, size: 0x4000n, to: 0n, access: 'rw', pageSize: 0x1000n })
    iommu.erase({ iova: 0x1000n, size: 0x1000n })

    expect(log).toEqual([])
    expect(iommu.table.entries).toBe(3)
  })

  test('is as before when a notifier refuses, and so are the others', () => {
    const iommu = makeIommu()
    iommu.map({ iova: 0n, size: 0x2000n, to: 0x8000n, access: 'rw' })
    iommu.map({ iova: 0x3000n, size: 0x1000n, to: 0x1000n, access: 'r' })
    const before = everything(iommu)
    const log: string[] = []
    const notify = (event: { frame: number; type: string }) =>
      event.frame === 2 && event.type === 'map' ? refusal('limit') : undefined
    iommu.register(record({ name: 'host', notify }, log).notifier)
    iommu.register(record({ name: 'other' }, log).notifier)

    expect(() => iommu.map({ iova: 0x1000n, size: 0x3000n, to: 0x5000n, access: 'rw' })).toThrow(
      expect.objectContaining({ code: 'memory.refused', refused: refusal('limit') }),
    )

    expect(everything(iommu)).toEqual(before)
    expect(log.filter((line) => line.startsWith('other'))).toEqual([
      'other: unmap 0x1000+0x3000',
      'other: map 0x1000+0x1000 -> 0x5000 rw',
      'other: map 0x2000+0x2000 -> 0x6000 rw',
      'other: unmap 0x1000+0x3000',
      'other: map 0x1000+0x1000 -> 0x9000 rw',
      'other: map 0x3000+0x1000 -> 0x1000 r',
    ])
    expect(log.filter((line) => line.startsWith('host')).slice(-2)).toEqual([
      'host: map 0x1000+0x1000 -> 0x9000 rw',
      'host: map 0x3000+0x1000 -> 0x1000 r',
    ])
  })

  test('keeps a mapping whose unmap is refused', () => {
    const iommu = makeIommu()
    iommu.map({ iova: 0n, size: 0x2000n, to: 0n, access: 'rw' })
    iommu.register(record({ notify: () => refusal('pinned') }).notifier)

    expect(() => iommu.unmap({ iova: 0n, size: 0x1000n })).toThrow("the unmap of [0x0, 0xfff] in 'iommu' was refused")
    expect(everything(iommu)).toEqual([{ frame: 0, frames: 2, target: 0, permission: 3, shift: 13 }])
  })

  test('is as before when a callback throws', () => {
    const iommu = makeIommu()
    const error = new Error('broken')
    iommu.register(
      record({
        notify: () => {
          throw error
        },
      }).notifier,
    )

    expect(() => iommu.map({ iova: 0n, size: 0x1000n, to: 0n, access: 'rw' })).toThrow(error)
    expect(iommu.table.entries).toBe(0)
  })

  test('throws when a notifier changes the mappings that it is told of, and is as before', () => {
    const iommu = makeIommu()
    const notify = () => iommu.erase({ iova: 0x9000n, size: 0x1000n }) as undefined
    iommu.register(record({ notify }).notifier)

    const mapping = () => iommu.map({ iova: 0n, size: 0x1000n, to: 0n, access: 'rw' })

    expect(mapping).toThrow("a notifier cannot change 'iommu' while it is told of [0x0, 0xfff]")
    expect(everything(iommu)).toEqual([])
    expect(() => iommu.erase({ iova: 0n, size: 0x1000n })).not.toThrow()
  })

  test('refuses what its table cannot hold, as a whole', () => {
    const iommu = makeIommu({ maxBytes: 8 * 4224 })

    expect(() => iommu.map({ iova: 0x1000n, size: 2n ** 30n, to: 0x2000n, access: 'rw' })).toThrow(
      expect.objectContaining({ code: 'memory.refused' }),
    )
    expect(everything(iommu)).toEqual([])
  })

  test('throws for a mapping that begins outside the window, and for sizes that are no powers of two', () => {
    const iommu = makeIommu({ size: 0x1800n })

    iommu.map({ iova: 0x1000n, size: 0x1000n, to: 0n, access: 'rw' })
    const outside = () => iommu.map({ iova: 0x2000n, size: 0x1000n, to: 0n, access: 'rw' })

    expect(outside).toThrow("0x2000 lies outside 'iommu', which has 0x1800 bytes")
    expect(() => makeIommu({ pageSizes: [0x3000n] })).toThrow(expect.objectContaining({ code: 'iommu.page-sizes' }))
    expect(() => makeIommu({ pageSizes: [] })).toThrow(expect.objectContaining({ code: 'iommu.page-sizes' }))
  })

  const change = fc.record({
    page: fc.integer({ min: 0, max: 31 }),
    pages: fc.integer({ min: 1, max: 16 }),
    target: fc.integer({ min: 0, max: 3 }),
    access: fc.constantFrom('r', 'w', 'rw', 'none'),
  })

  test.prop([fc.array(change, { maxLength: 12 }), fc.integer({ min: 0, max: 40 })], { numRuns: 150 })(
    'keeps every notifier that follows it in step, whatever is refused on the way',
    (changes, refuseAfter) => {
      const iommu = makeIommu()
      const shadows = [makeIommu(), makeIommu()] as const
      let calls = 0
      for (const [index, shadow] of shadows.entries()) {
        const { notifier } = record({
          notify: (event) => {
            if (index === 0 && event.type === 'map' && calls++ === refuseAfter) return refusal('limit')
            const { iova, size } = event
            shadow.table.unmap(event.frame, event.frames)
            if (event.type === 'map') {
              const access = (['r', 'w', 'rw'] as const)[event.permission - 1] as 'r'
              shadow.store({ iova, size, to: event.translatedAddress, access, pageSize: 4096n })
            }
            return undefined
          },
        })
        iommu.register(notifier)
      }

      for (const { page, pages, target, access } of changes) {
        const range = { iova: BigInt(page) << 12n, size: BigInt(pages) << 12n }
        try {
          if (access === 'none') iommu.unmap(range)
          else iommu.map({ ...range, to: BigInt(target) << 14n, access: access as 'r' })
        } catch (error) {
          expect(error).toMatchObject({ code: 'memory.refused' })
        }
      }

      for (let frame = 0; frame < 48; frame++) {
        const { permission, frame: to } = translate(iommu, frame)
        for (const shadow of shadows) expect(translate(shadow, frame)).toMatchObject({ permission, frame: to })
      }
    },
  )
})
