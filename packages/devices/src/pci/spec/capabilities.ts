/** Capability ids (PCI Code and ID Assignment 1.11, section 2). */
export const CapabilityId = { powerManagement: 0x01, msi: 0x05, vendor: 0x09, express: 0x10, msix: 0x11 } as const

/** The registers that every capability begins with; offsets count from its start. */
export const Capability = {
  id: { offset: 0, size: 1 },
  next: { offset: 1, size: 1 },
} as const

/** Power management (PCI Bus Power Management 1.2, section 3.2). */
export const PowerManagement = {
  capabilities: { offset: 2, size: 2 },
  control: { offset: 4, size: 2 },
  state: { offset: 4, size: 2, low: 0, width: 2 },
} as const

/** Bytes of the power management capability. */
export const POWER_MANAGEMENT_SIZE = 8

/** Power states, as `power.state` has them. */
export const PowerState = { d0: 0, d1: 1, d2: 2, d3Hot: 3 } as const

/** Message signaled interrupts (PCI Local Bus 3.0, section 6.8.1); the registers behind the address depend on its width. */
export const Msi = {
  control: { offset: 2, size: 2 },
  enable: { offset: 2, size: 2, low: 0, width: 1 },
  /** log2 of the vectors that the function can use. */
  capable: { offset: 2, size: 2, low: 1, width: 3 },
  /** log2 of the vectors that it may use. */
  enabledCount: { offset: 2, size: 2, low: 4, width: 3 },
  wide: { offset: 2, size: 2, low: 7, width: 1 },
  maskable: { offset: 2, size: 2, low: 8, width: 1 },
  address: { offset: 4, size: 4 },
  addressUpper: { offset: 8, size: 4 },
} as const

/** The most vectors of a function with MSI. */
export const MSI_VECTORS = 32

/** MSI-X (PCI Local Bus 3.0, section 6.8.2). */
export const Msix = {
  control: { offset: 2, size: 2 },
  /** Vectors less one. */
  last: { offset: 2, size: 2, low: 0, width: 11 },
  functionMask: { offset: 2, size: 2, low: 14, width: 1 },
  enable: { offset: 2, size: 2, low: 15, width: 1 },
  /** Offset of the table in its BAR, and the BAR's index in the lowest three bits. */
  table: { offset: 4, size: 4 },
  pending: { offset: 8, size: 4 },
} as const

/** Bytes of the MSI-X capability. */
export const MSIX_SIZE = 12

/** The most vectors of a function with MSI-X. */
export const MSIX_VECTORS = 2048

/** An entry of the MSI-X table: bytes, offsets of its registers, and the bit of vector control that masks it. */
export const MsixEntry = { size: 16, address: 0, addressUpper: 4, data: 8, control: 12, masked: 1 } as const
