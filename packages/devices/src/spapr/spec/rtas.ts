/** RTAS calls by the token that the device tree gives to them (rule RT-2). */
export const RtasToken = {
  checkException: 0x200e,
  eventScan: 0x200f,
  setTceBypass: 0x2010,
  readPciConfig: 0x2014,
  writePciConfig: 0x2015,
  ibmReadPciConfig: 0x2016,
  ibmWritePciConfig: 0x2017,
  queryInterruptSource: 0x2018,
  changeMsi: 0x2019,
  setIndicator: 0x201a,
  getSensorState: 0x201d,
  configureConnector: 0x201e,
  queryDmaWindow: 0x2026,
  createDmaWindow: 0x2027,
  removeDmaWindow: 0x2028,
  resetDmaWindow: 0x2029,
} as const

/** The first word that a call returns (LoPAR, "RTAS status word values"; rule RT-1). */
export const RtasStatus = { success: 0, hardware: -1, parameter: -3 } as const

/** Bytes of a cell of a call's buffer, big-endian. */
export const RTAS_CELL = 4

/** What `ibm,change-msi` is asked for (LoPAR, "ibm,change-msi"; rule RT-6). */
export const ChangeMsi = { any: 1, msi: 3, msix: 4 } as const

/** What `ibm,change-msi` has given. */
export const MsiType = { msi: 1, msix: 2 } as const

/** Interrupt numbers that are free for messages, and how many (QEMU's pseries machine). */
export const MSI_INTERRUPTS = { first: 0x1300, count: 0xd00 } as const

/** Interrupt number of a host bridge's first wire; four for each bridge follow (QEMU's pseries machine). */
export const FIRST_LSI = 0x1200

/** What `ibm,query-pe-dma-window` answers for each page size, by log2 of its bytes (rule DW-2). */
export const PAGE_SIZE_BITS: ReadonlyMap<number, number> = new Map([
  [12, 0x1],
  [16, 0x2],
  [21, 0x100],
  [24, 0x4],
  [25, 0x8],
  [26, 0x10],
  [27, 0x20],
  [28, 0x40],
  [34, 0x80],
])

/** The most bytes that `ibm,query-pe-dma-window` says are left, in pages (rule DW-1). */
export const LARGEST_WINDOW = { pages32: 0x8000_0000, pages64High: 0x20, pages64Low: 0 } as const
