import type { AddressSpace } from '@hostbridge/core/memory'
import type { BusIommu } from './bus-iommu.ts'
import type { PciBus } from './pci-bus.ts'
import { aliasAbove, type RequesterPlace } from './requester.ts'

/**
 * The address space that the DMA of a function goes to; asked when the function is plugged, with the place that its requests
 * seem to come from (PC-4).
 */
export type DmaRoute = (bus: PciBus, deviceFunction: number) => AddressSpace

/** Who decides where a function's DMA goes. */
export interface DmaDecision {
  /** An IOMMU, one address space for all, or nobody: then it is system memory. */
  readonly by: BusIommu | undefined
  /** The place that the function's requests seem to come from where it is decided. */
  readonly alias: RequesterPlace
}

/**
 * Climbs from a function's bus to the first one that has an IOMMU (PC-4). It stops without one at the top, at an extra root
 * complex below a bus that has IOMMUs for each of them, and on a bus that bypasses its IOMMU.
 */
export function decideDma(place: RequesterPlace): DmaDecision {
  let alias = place
  for (let bus = place.bus; ; ) {
    if (bus.iommu !== undefined) return { by: bus.bypassesIommu ? undefined : bus.iommu, alias }
    const { above } = bus
    if (above === undefined) return { by: undefined, alias }
    alias = aliasAbove(alias, bus, above)
    if (bus.isRoot && bus.express && above.bus.iommuPerRoot) return { by: undefined, alias }
    bus = above.bus
  }
}
