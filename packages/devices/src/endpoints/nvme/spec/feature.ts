// NVM Express 1.3d, section 5.21.1: features.

/** Identifiers (figure 128). */
export const NvmeFeature = {
  arbitration: 0x01,
  powerManagement: 0x02,
  temperatureThreshold: 0x04,
  errorRecovery: 0x05,
  volatileWriteCache: 0x06,
  numberOfQueues: 0x07,
  interruptCoalescing: 0x08,
  interruptVector: 0x09,
  writeAtomicity: 0x0a,
  asyncEventConfiguration: 0x0b,
} as const

/** Which value Get Features gives (figure 86). */
export const NvmeSelect = { current: 0, default: 1, saved: 2, capabilities: 3 } as const

/** What Get Features says of a feature that can be changed, saved nowhere and is the same for all namespaces (section 5.13.1). */
export const NVME_FEATURE_CHANGEABLE = 0x4

/** The bit of CDW10 of Set Features that asks for the value to be saved (figure 127). */
export const NVME_FEATURE_SAVE = 0x8000_0000

/** An arbitration burst without limit (section 5.21.1.1). */
export const NVME_NO_BURST_LIMIT = 7
