// NVM Express 1.3d: what a command is made of.

/** Bytes of a submission queue entry and log2 of them (section 4.2), and of a completion queue entry (section 4.6). */
export const NVME_COMMAND_SIZE = 64
export const NVME_COMMAND_SHIFT = 6
export const NVME_COMPLETION_SIZE = 16
export const NVME_COMPLETION_SHIFT = 4

/** Words of an entry. */
export const NVME_COMMAND_WORDS = 16
export const NVME_COMPLETION_WORDS = 4

/** Words of a submission queue entry (figures 11 and 12). */
export const NvmeCommandWord = {
  /** Opcode 7:0, fused operation 9:8, PRP or SGL 15:14, command identifier 31:16. */
  command: 0,
  namespace: 1,
  prp1: 6,
  prp2: 8,
  cdw10: 10,
  cdw11: 11,
  cdw12: 12,
  cdw13: 13,
} as const

/** Bits of the first word that say that a command is fused, or has SGLs: neither is supported (FUSES and SGLS are 0). */
export const NVME_UNSUPPORTED_FORMS = 0xc300

/** Admin commands (figure 41). */
export const NvmeAdmin = {
  deleteSubmissionQueue: 0x00,
  createSubmissionQueue: 0x01,
  getLogPage: 0x02,
  deleteCompletionQueue: 0x04,
  createCompletionQueue: 0x05,
  identify: 0x06,
  abort: 0x08,
  setFeatures: 0x09,
  getFeatures: 0x0a,
  asyncEventRequest: 0x0c,
} as const

/** Commands of the NVM command set (figure 203). */
export const NvmeIo = {
  flush: 0x00,
  write: 0x01,
  read: 0x02,
  compare: 0x05,
  writeZeroes: 0x08,
  datasetManagement: 0x09,
} as const

/** The namespace identifier that means all (section 6.1). */
export const NVME_ALL_NAMESPACES = 0xffff_ffff

/** Bits of CDW11 when a queue is created (sections 5.3 and 5.4). */
export const NvmeQueueFlags = { contiguous: 0x1, interrupts: 0x2 } as const

/** Dataset management (section 6.7): the bit of CDW11 that deallocates, and bytes of a range. */
export const NvmeDataset = { deallocate: 0x4, rangeSize: 16 } as const
