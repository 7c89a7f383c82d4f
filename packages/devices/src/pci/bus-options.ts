import type { Device } from '@hostbridge/core/machine'
import type { AddressSpace, MemoryRegion } from '@hostbridge/core/memory'
import type { BusIommu } from './bus-iommu.ts'
import type { DmaRoute } from './dma-route.ts'
import type { PciDevice } from './pci-device.ts'
import type { Aliasing, RequesterPlace } from './requester.ts'

/** How a bus hangs below another one. */
export interface BusUplink {
  /** Where the bridge sits; `undefined` while it sits nowhere. */
  place(): RequesterPlace | undefined
  /** How requests from the bus look above. */
  readonly aliasing: Aliasing
  /** Whether configuration requests for a bus number are passed on to the bus. */
  claims(number: number): boolean
  /** Whether it is the bus of a root complex of its own, which only hangs below the other; not unless told. */
  readonly root?: boolean
}

export interface PciBusOptions {
  /** Names the bus in messages: `phb0`. */
  readonly name: string
  /** The bridge that leads to the bus: what is plugged here is plugged below it. */
  readonly bridge: Device
  /** The bus number in addresses, 0 unless told; that of a bus behind a bridge is the guest's to set. */
  readonly number?: () => number
  /**
   * Where the DMA of the functions goes: all of it to one address space (PH-5), or as a platform routes it. Where nothing is
   * said here and on no bus above, it is system memory (PC-4).
   */
  readonly dma?: AddressSpace | DmaRoute | BusIommu
  /** Whether the IOMMU is passed by, and DMA goes to system memory (PC-4). */
  readonly bypassIommu?: boolean
  /** Whether extra root complexes below have IOMMUs of their own, or none (PC-4). */
  readonly iommuPerRoot?: boolean
  /** The memory addresses of the bus, which BARs appear in. */
  readonly memory?: MemoryRegion
  /** The I/O addresses of the bus. */
  readonly io?: MemoryRegion
  /** Whether a BAR may lie at address 0 (PC-6). */
  readonly zeroAllowed?: boolean
  /** Is told of the level of each of the four interrupt wires, 0 to 3. */
  readonly interrupt?: (wire: number, raised: boolean) => void
  /** How the bus hangs below another one, if it does. */
  readonly uplink?: BusUplink
  /** Whether it carries PCI Express, not conventional PCI. */
  readonly express?: boolean
  /** Device numbers that there are: 1 on a PCI Express link, 32 unless told. */
  readonly devices?: number
  /** Is told of a function that has come to the bus. */
  readonly arrived?: (device: PciDevice, deviceFunction: number) => void
  /** Is told of a function that has left the bus, or failed to come. */
  readonly left?: (device: PciDevice, deviceFunction: number) => void
}
