// NVM Express 1.3d, section 5.14.1: log pages.

/** Identifiers (figure 91). */
export const NvmeLogPage = { error: 0x01, health: 0x02, firmware: 0x03 } as const

/** Bits of CDW10 of Get Log Page (figure 88): the event stays as it is. */
export const NVME_RETAIN_EVENT = 0x8000

/** Offsets in an entry of the error log (figure 93). */
export const NvmeErrorEntry = {
  size: 64,
  count: 0,
  submissionQueue: 8,
  command: 10,
  status: 12,
  lba: 16,
  namespace: 24,
} as const

/** As the queue and the command of an error that is of no command. */
export const NVME_NO_COMMAND = 0xffff

/** Offsets in the SMART log (figure 94); counters have 16 bytes. */
export const NvmeHealth = {
  size: 512,
  /** In kelvins. */
  temperature: 1,
  spare: 3,
  spareThreshold: 4,
  /** In thousands of 512 bytes, rounded up. */
  unitsRead: 32,
  unitsWritten: 48,
  reads: 64,
  writes: 80,
  mediaErrors: 160,
  errors: 176,
} as const

/** Offsets in the firmware slot log (figure 95). */
export const NvmeFirmware = { size: 512, active: 0, firstRevision: 8 } as const

/** Asynchronous events (section 5.2.1): errors, and which error (figure 48). */
export const NvmeAsyncEvent = {
  errorType: 0,
  invalidDoorbell: 0x00,
  invalidDoorbellValue: 0x01,
} as const
