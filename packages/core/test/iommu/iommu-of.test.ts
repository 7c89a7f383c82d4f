import { describe, expect, test } from 'vitest'
import { iommuOf } from '../../src/iommu/index.ts'
import { AliasRegion, ContainerRegion, IommuRegion } from '../../src/memory/index.ts'
import { makeIommu, record } from './make-iommu.ts'

describe('iommuOf', () => {
  test('finds the IOMMU behind aliases, and leaves a notifier its range (NR-1)', () => {
    const iommu = makeIommu({ size: 0x100000n })
    const near = new AliasRegion('near', iommu.region, { offset: 0x4000n, size: 0x4000n })
    const far = new AliasRegion('far', near, { offset: 0x1000n, size: 0x1000n })
    const { notifier, log } = record({ range: { start: 0x1000n, last: 0x1fffn } })

    iommuOf(far)?.register(notifier)
    iommu.map({ iova: 0n, size: 0x10000n, to: 0n, access: 'rw' })

    expect(iommuOf(far)).toBe(iommu)
    expect(log).toEqual(['map 0x1000+0x1000 -> 0x1000 rw'])
  })

  test('finds nothing behind other regions', () => {
    const foreign = new IommuRegion('foreign', 0x1000n, { translate: () => undefined })

    expect(iommuOf(new ContainerRegion('plain'))).toBeUndefined()
    expect(iommuOf(new AliasRegion('alias', new ContainerRegion('plain')))).toBeUndefined()
    expect(iommuOf(foreign)).toBeUndefined()
  })
})
