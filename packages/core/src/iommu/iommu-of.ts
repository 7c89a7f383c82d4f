import { IommuRegion } from '../memory/iommu-region.ts'
import type { MemoryRegion } from '../memory/memory-region.ts'
import { Iommu } from './iommu.ts'

/**
 * The IOMMU behind a region, through aliases of any depth; `undefined` behind anything else.
 *
 * A notifier's range stays relative to the IOMMU region, whatever the alias's offset (NR-1).
 */
export function iommuOf(region: MemoryRegion): Iommu | undefined {
  let behind = region
  while (behind.target !== undefined) behind = behind.target
  return behind instanceof IommuRegion && behind.translator instanceof Iommu ? behind.translator : undefined
}
