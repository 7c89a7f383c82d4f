// QEMU documentation, docs/specs/pci-testdev.rst.

/** PCI ids of the device (QEMU documentation, docs/specs/pci-ids.rst). */
export const TESTDEV_IDENTITY = { vendor: 0x1b36, device: 0x0005, classCode: 0x00_ff00 } as const

/** The header that both BARs begin with; its registers are little-endian. */
export const Testdev = {
  /** 1 byte: the guest writes the number of the test that it wants. */
  test: 0,
  /** 1 byte: bytes of the test's writes; any other value than 1, 2 and 4 says that there is no such test. */
  width: 1,
  /** 4 bytes: where in the BAR the test's writes go. */
  offset: 4,
  /** 4 bytes: what the test's writes carry. */
  data: 8,
  /** 4 bytes: how many of them have come. */
  count: 12,
  /** The test's name, which ends with a 0. */
  name: 16,
} as const

/** The BARs: bytes, where the writes of their first test go, and how their tests' names begin. */
export const TESTDEV_BARS = [
  { kind: 'memory32', size: 4096n, target: 2048, prefix: 'mmio' },
  { kind: 'io', size: 256n, target: 128, prefix: 'portio' },
] as const

/** The tests of each BAR, by number; `data` is what is counted, `match` whether anything else is not, `eventfd` who counts. */
export const TESTDEV_TESTS = [
  { name: 'no-eventfd', match: true, eventfd: false, data: 0xfa },
  { name: 'wildcard-eventfd', match: false, eventfd: true, data: 0xce },
  { name: 'datamatch-eventfd', match: true, eventfd: true, data: 0xfa },
] as const

/** The 64-bit memory BAR without backing storage, which is disabled by default. */
export const TESTDEV_MEMORY_BAR = 2
