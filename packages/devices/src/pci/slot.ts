import type { InterruptLine, Machine } from '@hostbridge/core/machine'
import type { AddressSpace } from '@hostbridge/core/memory'
import type { PciAddress } from './address.ts'
import type { BarWindows } from './bars.ts'
import type { HostDevice } from './bus-iommu.ts'

/**
 * A function's place on a bus, as the function sees it.
 *
 * A guest's bus and a host's bus both hand these out, so that one class serves as an emulated device and as the card
 * that is passed through: what differs is where its DMA goes.
 */
export interface PciSlot {
  /** Names the bus and the place in messages: `pci.0 00:01.0`. */
  readonly name: string
  /** Its bus number is what a guest has given to the bus. */
  readonly address: PciAddress
  /** The 16 bits that the function's requests carry when they reach the host bridge: behind some bridges they are not its own (PC-4). */
  readonly requester: number
  /** Where the function's DMA goes: on a guest's bus through the guest's IOMMU, on a host's through the host's table. */
  readonly dma: AddressSpace
  /** Whose virtual time the function lives in and who is told of its faults; `undefined` for a card that nobody uses. */
  readonly machine: Machine | undefined
  /** Where the function's BARs appear; nowhere if left out. */
  readonly windows?: BarWindows
  /** Connects the function's interrupt pin, 1 to 4, to a wire of the bus; returns what disconnects it again. */
  connectPin?(pin: number, line: InterruptLine): () => void
  /** Takes a message of the function in place of its bus: a host hands it to the guest that the card is passed to. */
  deliver?(address: bigint, data: number): void
  /**
   * Tells the IOMMU that the function is a host's device (PC-5); returns what tells that it is no more.
   *
   * @throws HostbridgeError what the IOMMU refuses it with.
   */
  bindHost?(host: HostDevice): () => void
}
