import type { MemTxAttrs, MemTxResult } from './access.ts'

/** The order of the bytes of a number; `native` is that of the machine ({@link MemorySystem.endianness}). */
export type Endianness = 'little' | 'big' | 'native'

/** Sizes of single accesses in bytes, each 1, 2, 4 or 8. */
export interface AccessSizes {
  readonly min?: 1 | 2 | 4 | 8
  readonly max?: 1 | 2 | 4 | 8
  /** Whether an access may lie at an address that is no multiple of its size. Default false. */
  readonly unaligned?: boolean
}

/** What a callback knows about its access besides offset and size. The core lends it for the time of the call. */
export interface MmioAccess {
  /** The callback sets bits here to let the access fail; {@link MemTxResult | ok} at the start. */
  result: MemTxResult
  attrs: MemTxAttrs
}

/**
 * The registers of a device (QEMU `MemoryRegionOps`).
 *
 * `offset` is relative to the region and exact; it lies past the region's end where an access begins before it (LK-2).
 * Values of 1, 2 and 4 bytes are unsigned numbers, values of 8 bytes are `bigint` and go through `read64` and `write64`,
 * which a device with `impl.max` or `impl.min` of 8 must have. Too large values are cut to their size.
 */
export interface MmioOps {
  /** Default `little`. */
  readonly endianness?: Endianness
  /** Sizes that the bus lets through; everything else is answered with a decode error. Without `max` all sizes pass, and `min` counts for nothing (VA-2). */
  readonly valid?: AccessSizes
  /** Sizes that the callbacks understand; larger accesses are split, smaller ones widened. Defaults 1 and 4 (SP-1). */
  readonly impl?: AccessSizes
  /** Refuses single accesses: asked first (VA-1). */
  accepts?(offset: number, size: number, write: boolean, attrs: MemTxAttrs): boolean
  read(offset: number, size: number, access: MmioAccess): number
  /** Returns result bits, or nothing where it succeeded. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a callback that returns nothing has succeeded
  write(offset: number, value: number, size: number, access: MmioAccess): MemTxResult | void
  read64?(offset: number, access: MmioAccess): bigint
  // biome-ignore lint/suspicious/noConfusingVoidType: as above
  write64?(offset: number, value: bigint, access: MmioAccess): MemTxResult | void
}
