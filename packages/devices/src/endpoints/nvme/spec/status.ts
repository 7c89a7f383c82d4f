// NVM Express 1.3d, section 4.6.1: status codes. The type is in bits 10:8, the code in bits 7:0.

/** Generic status (figures 31 and 32), command specific status (figures 33 and 34), media errors (figure 36). */
export const NvmeStatus = {
  success: 0x000,
  invalidOpcode: 0x001,
  invalidField: 0x002,
  dataTransferError: 0x004,
  internalError: 0x006,
  abortRequested: 0x007,
  submissionQueueDeleted: 0x008,
  invalidNamespace: 0x00b,
  sequenceError: 0x00c,
  prpOffsetInvalid: 0x013,
  lbaOutOfRange: 0x080,
  capacityExceeded: 0x081,
  completionQueueInvalid: 0x100,
  invalidQueueIdentifier: 0x101,
  invalidQueueSize: 0x102,
  asyncEventLimitExceeded: 0x105,
  invalidInterruptVector: 0x108,
  invalidLogPage: 0x109,
  invalidQueueDeletion: 0x10c,
  featureNotSaveable: 0x10d,
  featureNotChangeable: 0x10e,
  writeFault: 0x280,
  unrecoveredReadError: 0x281,
  compareFailure: 0x285,
} as const

/** One of {@link NvmeStatus}. */
export type NvmeStatusCode = (typeof NvmeStatus)[keyof typeof NvmeStatus]

/** More information is in the error log (section 4.6.1, M). */
const MORE = 0x2000
/** The same command would fail again (section 4.6.1, DNR). */
const DO_NOT_RETRY = 0x4000

/** Statuses of commands that may succeed when they are tried again. */
const RETRY: readonly number[] = [
  NvmeStatus.dataTransferError,
  NvmeStatus.internalError,
  NvmeStatus.abortRequested,
  NvmeStatus.submissionQueueDeleted,
]

/** The status field, 15 bits, of a completion queue entry. */
export function nvmeStatusField(status: NvmeStatusCode): number {
  if (status === NvmeStatus.success) return 0
  return status | MORE | (RETRY.includes(status) ? 0 : DO_NOT_RETRY)
}
