import { MiB } from '@hostbridge/core/address'

// QEMU documentation, docs/specs/edu.rst.

/** PCI ids of the device ("Introduction"). */
export const EDU_IDENTITY = {
  vendor: 0x1234,
  device: 0x11e8,
  revision: 0x10,
  classCode: 0x00_ff00,
  interruptPin: 1,
} as const

/** Bytes of BAR 0 ("PCI specs"). */
export const EDU_BAR_SIZE: bigint = MiB

/** Registers ("MMIO area spec"); those below {@link Edu.dmaSource} take accesses of 4 bytes, the others of 4 and 8. */
export const Edu = {
  identification: 0x00,
  liveness: 0x04,
  factorial: 0x08,
  status: 0x20,
  interruptStatus: 0x24,
  raise: 0x60,
  acknowledge: 0x64,
  dmaSource: 0x80,
  dmaDestination: 0x88,
  dmaCount: 0x90,
  dmaCommand: 0x98,
} as const

/** The identification register: version 1.0, and `edu` in its lower half. */
export const EDU_IDENTIFICATION = 0x0100_00ed

/** Bits of the status register. */
export const EduStatus = { computing: 0x01, interruptWhenDone: 0x80 } as const

/** Bits of the interrupt status that the device sets by itself. */
export const EduInterrupt = { factorial: 0x01, dma: 0x100 } as const

/** Bits of the DMA command ("DMA controller"). */
export const EduDma = { run: 0x1, fromDevice: 0x2, interrupt: 0x4 } as const

/** The device's own memory, which transfers go to and come from. */
export const EDU_BUFFER = { start: 0x4_0000n, size: 4096 } as const

/** Address bits of a transfer unless told. */
export const EDU_DMA_BITS = 28
