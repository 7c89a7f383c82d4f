// NVM Express 1.3d, section 3.1: the controller's registers.

/** Offsets in BAR 0; registers of 64 bits are two words, the lower one first. */
export const NvmeRegister = {
  /** CAP, section 3.1.1. */
  capabilities: 0x00,
  /** VS, section 3.1.2. */
  version: 0x08,
  /** INTMS and INTMC, sections 3.1.3 and 3.1.4. */
  interruptMaskSet: 0x0c,
  interruptMaskClear: 0x10,
  /** CC, section 3.1.5. */
  configuration: 0x14,
  /** CSTS, section 3.1.6. */
  status: 0x1c,
  /** AQA, section 3.1.8. */
  adminQueueAttributes: 0x24,
  /** ASQ, section 3.1.9. */
  adminSubmissionQueue: 0x28,
  /** ACQ, section 3.1.10. */
  adminCompletionQueue: 0x30,
  /** The doorbells of queue 0, sections 3.1.16 and 3.1.17: of submission queue y at 2y strides, of completion queue y at 2y + 1. */
  doorbells: 0x1000,
} as const

/** VS of 1.3.0 (section 3.1.2.4). */
export const NVME_VERSION = 0x0001_0300

/** Fields of CAP (section 3.1.1): the lower word's, then the upper word's less 32. */
export const NvmeCapabilities = {
  /** Queues must be contiguous. */
  contiguousQueues: 0x0001_0000,
  /** Shift of the time to wait for CSTS.RDY, in units of 500 ms. */
  timeoutShift: 24,
  /** Shift of the doorbell stride in the upper word: strides are 4 << DSTRD bytes. */
  strideShift: 0,
  /** The NVM command set, in the upper word. */
  nvmCommandSet: 0x20,
  /** Shift of the largest page, 2^(12 + MPSMAX) bytes, in the upper word; the smallest is 4 KiB. */
  largestPageShift: 20,
} as const

/** Fields of CC (section 3.1.5): shift and mask. */
export const NvmeConfiguration = {
  enable: 0x1,
  commandSet: { shift: 4, mask: 0x7 },
  /** Pages have 2^(12 + MPS) bytes. */
  pageSize: { shift: 7, mask: 0xf },
  arbitration: { shift: 11, mask: 0x7 },
  shutdown: { shift: 14, mask: 0x3 },
  /** log2 of the bytes of an entry. */
  submissionEntry: { shift: 16, mask: 0xf },
  completionEntry: { shift: 20, mask: 0xf },
  /** The bits that are no reserved ones. */
  writable: 0x00ff_fff1,
} as const

/** Fields of CSTS (section 3.1.6). */
export const NvmeStatusRegister = {
  ready: 0x1,
  fatal: 0x2,
  shutdownRunning: 0x4,
  shutdownComplete: 0x8,
  shutdown: 0xc,
} as const

/** The highest MPS that this controller has: pages of 64 KiB. */
export const NVME_LARGEST_MPS = 4
