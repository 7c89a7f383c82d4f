// QEMU documentation, docs/specs/iommu-testdev.rst.

/** PCI ids of the device, which are those of `pci-testdev` (QEMU documentation, docs/specs/pci-ids.rst). */
export const IOMMU_TESTDEV_IDENTITY = { vendor: 0x1b36, device: 0x0005, classCode: 0x00_ff00 } as const

/** Bytes of BAR 0 ("Device Interface"). */
export const IOMMU_TESTDEV_BAR_SIZE = 0x1000n

/** Registers of 32 bits, little-endian ("Device Interface"). */
export const IommuTestdev = {
  /** A read runs what is armed. */
  trigger: 0x00,
  iovaLow: 0x04,
  iovaHigh: 0x08,
  length: 0x0c,
  result: 0x10,
  /** Bit 0 arms; without it a write disarms. */
  doorbell: 0x14,
  attributes: 0x18,
  physicalLow: 0x1c,
  physicalHigh: 0x20,
} as const

/** What the result register says ("DMA Operation Flow"). */
export const IommuTestdevResult = {
  success: 0,
  idle: 0xffff_ffff,
  armed: 0xffff_fffe,
  badLength: 0xdead_0001,
  writeFailed: 0xdead_0002,
  readFailed: 0xdead_0003,
  mismatch: 0xdead_0004,
  notArmed: 0xdead_0005,
  badAttributes: 0xdead_0006,
} as const

/** Fields of the attributes ("Device Interface"); the space is bits 2..1 and counts only when it is valid. */
export const IommuTestdevAttributes = { secure: 0x1, spaceShift: 1, spaceMask: 0x3, spaceValid: 0x8 } as const

/** Values of the space; of these two, `secure` must say the same. */
export const IommuTestdevSpace = { secure: 0, nonSecure: 1 } as const

/** What is written, again and again, its lowest byte first. */
export const IOMMU_TESTDEV_PATTERN = 0x1234_5678

/** The longest transfer unless told: what one access of a guest may cost has a bound. */
export const IOMMU_TESTDEV_LONGEST = 0x10_0000
