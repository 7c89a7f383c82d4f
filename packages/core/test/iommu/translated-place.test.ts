import { describe, expect, test } from 'vitest'
import { PageTableIommu, translatedPlace } from '../../src/iommu/index.ts'
import { container, MemorySystem, Permission } from '../../src/memory/index.ts'
import { IndexedIommu } from './indexed-iommu.ts'
import { nestedScene } from './nested-scene.ts'

describe('translatedPlace', () => {
  test('ends at the entry, and at the section of RAM (TE-6, LK-2)', () => {
    const { dma } = nestedScene({ inner: [{ iova: 0n, size: 0x20000n, to: 0n, access: 'rw', pageSize: 0x10000n }] })

    const lengths = [0x100n, 0xffffn, 0x10100n].map(
      (address) => translatedPlace(dma, address, 0x9_0000n, Permission.read)?.length,
    )

    expect(lengths).toEqual([0xff00n, 1n, 0x7f00n])
  })

  test('does not end at a section that is no RAM (LK-2)', () => {
    const { memory } = nestedScene()

    expect(translatedPlace(memory, 0x20ffcn, 8n, Permission.read)).toMatchObject({ length: 8n, shift: undefined })
  })

  test('goes through the translation that the attributes name (TE-9)', () => {
    const iommu = new IndexedIommu(2)
    const system = iommu.target.system
    iommu.target.root.add(container('nothing', 0x1000n), 0n)
    const dma = system.createSpace('dma', iommu.region)
    iommu.tables[1]?.map(0, 1, 0, 3, 12)

    translatedPlace(dma, 0n, 1n, Permission.read, { pid: 1 })
    translatedPlace(dma, 0n, 1n, Permission.read)

    expect(iommu.asked).toBe(2)
  })

  test('leaves an IOMMU that leads to itself', () => {
    const system = new MemorySystem('machine')
    const root = container('root')
    const space = system.createSpace('dma', root)
    const iommu = new PageTableIommu({ target: space, size: 0x1000n })
    root.add(iommu.region, 0n)
    iommu.store({ iova: 0n, size: 0x1000n, to: 0n, access: 'rw' })

    expect(translatedPlace(space, 0n, 1n, Permission.read)).toBeUndefined()
  })
})
