// NVM Express 1.3d, section 5.15: the data structures that identify the controller and its namespaces.

/** Bytes of each of them. */
export const NVME_IDENTIFY_SIZE = 4096

/** What is asked for: CNS (figure 108). */
export const NvmeIdentify = {
  namespace: 0x00,
  controller: 0x01,
  activeNamespaces: 0x02,
  namespaceDescriptors: 0x03,
} as const

/** Offsets in Identify Controller (figure 109). */
export const NvmeControllerData = {
  vendor: 0,
  subsystemVendor: 2,
  serialNumber: { offset: 4, length: 20 },
  modelNumber: { offset: 24, length: 40 },
  firmwareRevision: { offset: 64, length: 8 },
  /** log2 of the commands that an arbitration burst should have. */
  recommendedBurst: 72,
  /** log2 of the pages of 4 KiB that a transfer may have. */
  maxTransfer: 77,
  controllerId: 78,
  version: 80,
  /** Abort and asynchronous event requests at a time, less one. */
  abortLimit: 258,
  asyncEventLimit: 259,
  firmwareSlots: 260,
  /** Bit 2: log pages may be read in parts. */
  logPageAttributes: 261,
  /** Entries of the error log, less one. */
  errorLogEntries: 262,
  warningTemperature: 266,
  criticalTemperature: 268,
  submissionEntry: 512,
  completionEntry: 513,
  maxCommands: 514,
  namespaces: 516,
  /** Compare, dataset management, write zeroes, and the select field of features. */
  optionalCommands: 520,
  volatileWriteCache: 525,
  subsystemName: { offset: 768, length: 256 },
} as const

/** Bits of ONCS: compare 0, dataset management 2, write zeroes 3, save and select of features 4. */
export const NVME_OPTIONAL_COMMANDS = 0x1d

/** Offsets in Identify Namespace (figure 114). */
export const NvmeNamespaceData = {
  /** In blocks, 64 bits each. */
  size: 0,
  capacity: 8,
  used: 16,
  /** Bit 0: less may be there than the size says. */
  features: 24,
  formats: 25,
  /** 1 in bits 2:0: deallocated blocks read 0. */
  deallocated: 33,
  /** log2 of the bytes of a block, in bits 23:16. */
  firstFormat: 128,
} as const

/** A descriptor of a namespace (figure 116): a UUID. */
export const NVME_UUID_DESCRIPTOR = { type: 3, length: 16 } as const
