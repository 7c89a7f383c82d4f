import { MiB } from '@hostbridge/core/address'
import { PageTableIommu } from '@hostbridge/core/iommu'
import { type AddressSpace, type ContainerRegion, container } from '@hostbridge/core/memory'
import type { DmaEngine } from '@hostbridge/devices/endpoints'
import type { PciBus } from '@hostbridge/devices/pci'
import type { Host } from '@hostbridge/devices/vfio'
import { type Type1Options, VfioPciDevice } from '@hostbridge/devices/vfio'
import { Guest, hostWith } from './guest.ts'

export interface DmaScene {
  readonly guest: Guest
  readonly root: ContainerRegion
  readonly space: AddressSpace
  readonly bus: PciBus
  readonly host: Host
  readonly card: DmaEngine
  plug(): VfioPciDevice
}

/** A guest with a DMA address space whose map a test makes, and a card plugged there by `plug`. */
export function dmaScene(options: Type1Options = {}): DmaScene {
  const guest = new Guest(64n * MiB)
  const root = container('dma')
  const space = guest.machine.memory.createSpace('dma', root)
  const bus = guest.busOn(space)
  const { host, card } = hostWith(options)
  const plug = (): VfioPciDevice => bus.plug('00:01.0', new VfioPciDevice(card))
  return { guest, root, space, bus, host, card, plug }
}

export function iommuIn(root: ContainerRegion, target: AddressSpace, at: bigint, size: bigint): PageTableIommu {
  const iommu = new PageTableIommu({ size, target })
  root.add(iommu.region, at)
  return iommu
}
