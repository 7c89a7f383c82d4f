import { describe, expect, test } from 'vitest'
import { CpuTlb, NotifierFlag, unmapEvent } from '../../src/iommu/index.ts'
import { IndexedIommu } from './indexed-iommu.ts'
import { makeIommu } from './make-iommu.ts'

describe('CpuTlb', () => {
  test('registers for unmaps with the first use of an IOMMU, and only then (TE-10)', () => {
    const iommu = makeIommu()
    const tlb = new CpuTlb(() => undefined)

    const before = iommu.notifierFlags
    tlb.use(iommu)
    tlb.use(iommu)

    expect([before, iommu.notifierFlags]).toEqual([NotifierFlag.none, NotifierFlag.unmap])
  })

  test('flushes with the first unmap anywhere, and not again until it is used again (TE-10)', () => {
    const iommu = makeIommu({ size: 0x10000n })
    let flushes = 0
    const tlb = new CpuTlb(() => flushes++)
    tlb.use(iommu)

    iommu.notify([unmapEvent(0, 1), unmapEvent(2 ** 52 - 1, 1)])
    const first = flushes
    tlb.use(iommu)
    iommu.notify(unmapEvent(2 ** 52 - 1, 1))

    expect([first, flushes]).toEqual([1, 2])
  })

  test('has one notifier for each IOMMU and index (TE-10)', () => {
    const [one, two] = [new IndexedIommu(2), new IndexedIommu(2)]
    let flushes = 0
    const tlb = new CpuTlb(() => flushes++)
    for (const iommu of [one, two]) tlb.use(iommu, 1)
    const event = (index: number) => Object.assign(unmapEvent(0, 1), { index })

    one.notify(event(0))
    const wrong = flushes
    one.notify(event(1))
    two.notify(event(1))

    expect([wrong, flushes]).toEqual([0, 2])
  })

  test('leaves every IOMMU when its processor goes', () => {
    const iommu = makeIommu()
    let flushes = 0
    const tlb = new CpuTlb(() => flushes++)
    tlb.use(iommu)

    tlb.close()
    iommu.notify(unmapEvent(0, 1))

    expect([iommu.notifierFlags, flushes]).toEqual([NotifierFlag.none, 0])
  })
})
