import { BoundedLog } from './bounded-log.ts'

/** A DMA access that did not happen. */
export interface DmaFault {
  /** Who asked, as the bus names it: a PCI requester id, or a name. */
  readonly requester: number | string
  /** The first address that failed. */
  readonly iova: bigint
  readonly access: 'read' | 'write'
  /** A clause: `not mapped`, `no write permission`. */
  readonly reason: string
  /** Virtual time in ticks. */
  readonly time: bigint
}

/** The last 1024 DMA faults of a device, oldest first, and the number of all. */
export class FaultLog extends BoundedLog<DmaFault> {}
