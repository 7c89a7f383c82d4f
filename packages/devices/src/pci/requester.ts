import type { PciBus } from './pci-bus.ts'

/** A place on a bus, as a request says where it comes from. */
export interface RequesterPlace {
  readonly bus: PciBus
  /** Device 7..3, function 2..0. */
  readonly deviceFunction: number
}

/** How requests from behind a bridge look on the bus above it (PC-4). */
export type Aliasing =
  /** As they are: a PCI Express link carries who sent them. */
  | 'none'
  /** As function 0 of device 0 on the bus behind: a PCIe-to-PCI bridge's (PCI Express to PCI/PCI-X Bridge 1.0, section 2.3). */
  | 'secondary'
  /** As the bridge itself. */
  | 'bridge'

/** The 16 bits that a request from a place carries; they follow the number that the guest gives to the bus. */
export function requesterIdAt({ bus, deviceFunction }: RequesterPlace): number {
  return (bus.number << 8) | deviceFunction
}

/** Who the root of the hierarchy sees behind the requests of a place. */
export function aliasAtRoot(place: RequesterPlace): RequesterPlace {
  let alias = place
  for (let bus = place.bus; ; ) {
    const { above } = bus
    if (above === undefined || bus.isRoot) return alias
    alias = aliasAbove(alias, bus, above)
    bus = above.bus
  }
}

/** Who a bus's requests seem to come from when they are on the bus `above` it. */
export function aliasAbove(alias: RequesterPlace, bus: PciBus, above: RequesterPlace): RequesterPlace {
  if (bus.aliasing === 'none') return alias
  return bus.aliasing === 'secondary' ? { bus, deviceFunction: 0 } : above
}
