/** The header of an extended capability: id 15..0, version 19..16, next 31..20 (PCI Express Base 5.0, section 7.6.3). */
export const Extended = {
  header: { offset: 0x00, size: 4 },
  id: { offset: 0x00, size: 4, low: 0, width: 16 },
  version: { offset: 0x00, size: 4, low: 16, width: 4 },
  next: { offset: 0x00, size: 4, low: 20, width: 12 },
} as const

/** Extended capability ids (PCI Code and ID Assignment 1.11, section 3). */
export const ExtendedId = {
  errors: 0x0001,
  accessControl: 0x000d,
  ats: 0x000f,
  pageRequest: 0x0013,
  pasid: 0x001b,
} as const

/** Advanced error reporting, version 2 (PCI Express Base 5.0, section 7.8.4). */
export const Aer = {
  uncorrectableStatus: { offset: 0x04, size: 4 },
  uncorrectableMask: { offset: 0x08, size: 4 },
  uncorrectableSeverity: { offset: 0x0c, size: 4 },
  correctableStatus: { offset: 0x10, size: 4 },
  correctableMask: { offset: 0x14, size: 4 },
  control: { offset: 0x18, size: 4 },
  /** The header of the packet that the first error was in, 16 bytes. */
  headerLog: { offset: 0x1c, size: 4 },
  rootCommand: { offset: 0x2c, size: 4 },
  rootStatus: { offset: 0x30, size: 4 },
  rootSource: { offset: 0x34, size: 4 },
} as const

/** Bytes, and the errors that there are with what is fatal of them and what is masked after a reset. */
export const AER_SIZE = 0x48
export const AER_UNCORRECTABLE = { all: 0x005f_f030, fatal: 0x0046_2030 } as const
export const AER_CORRECTABLE = { all: 0x0000_f1c1, masked: 0x0000_e000 } as const

/** End-to-end CRC can be made and checked: that it can, and the bits that switch it on. */
export const AER_CONTROL = { capable: 0x00a0, writable: 0x0140 } as const
export const AER_ROOT = { command: 0x7, status: 0x7f } as const

/** Access control services (section 7.7.8). */
export const Acs = {
  capabilities: { offset: 0x04, size: 2 },
  control: { offset: 0x06, size: 2 },
} as const
export const ACS_SIZE = 8

/** Source validation, translation blocking, request and completion redirect, upstream forwarding, direct translated. */
export const ACS_SERVICES = { downstream: 0x5f, function: 0x4c } as const

/** Address translation services (section 10.5.1). */
export const Ats = {
  capabilities: { offset: 0x04, size: 2 },
  control: { offset: 0x06, size: 2 },
  smallestUnit: { offset: 0x06, size: 2, low: 0, width: 5 },
  enable: { offset: 0x06, size: 2, low: 15, width: 1 },
} as const
export const ATS_SIZE = 8

/** Requests are aligned to pages. */
export const ATS_ALIGNED = 0x20
export const ATS_CONTROL = 0x801f

/** The page request interface (section 10.5.2). */
export const Pri = {
  control: { offset: 0x04, size: 2 },
  enable: { offset: 0x04, size: 2, low: 0, width: 1 },
  status: { offset: 0x06, size: 2 },
  capacity: { offset: 0x08, size: 4 },
  allocation: { offset: 0x0c, size: 4 },
} as const
export const PRI_SIZE = 16
export const PRI_BITS = { control: 0x1, stopped: 0x0100, clearable: 0x0003 } as const

/** Process address space ids (section 7.8.8). */
export const Pasid = {
  capabilities: { offset: 0x04, size: 2 },
  control: { offset: 0x06, size: 2 },
  enable: { offset: 0x06, size: 2, low: 0, width: 1 },
} as const
export const PASID_SIZE = 8

/** Execute and privileged mode, and where the width of an id is. */
export const PASID_BITS = { execute: 0x2, privileged: 0x4, widthShift: 8, enable: 0x1 } as const
