import type { CapabilityList } from './capability-list.ts'
import type { ConfigSpace } from './config-space.ts'

/** What an interrupt capability needs of its function. */
export interface MessagePort {
  readonly name: string
  readonly config: ConfigSpace
  readonly capabilities: CapabilityList
  /** Stores 32 bits in the function's DMA address space, as a bus master; what fails is a fault of the function. */
  message(address: bigint, data: number): void
}
