import type { MemTxResult } from '@hostbridge/core/memory'

/** What a DMA engine is asked to do in virtual time. */
export interface TransferRequest {
  /** `read` takes bytes out of guest memory, `write` puts them there. */
  readonly direction: 'read' | 'write'
  readonly iova: bigint
  /** The bytes to write, or where the bytes read go. */
  readonly bytes: Uint8Array
  /** Ticks from start to completion; the engine's own latency unless told. */
  readonly latency?: bigint
}

/** Where a transfer is: under way, all bytes moved, some not, or given up before its completion. */
export type TransferStatus = 'pending' | 'done' | 'failed' | 'cancelled'

/** One transfer of a DMA engine, from its start on. */
export interface Transfer {
  readonly direction: 'read' | 'write'
  readonly iova: bigint
  readonly bytes: Uint8Array
  /** Ticks. */
  readonly started: bigint
  readonly due: bigint
  /** Results of the access, OR-ed; known from the start, told with the completion. */
  readonly result: MemTxResult
  readonly status: TransferStatus
}
