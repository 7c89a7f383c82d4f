import { MemoryRegion, type RegionKind } from './memory-region.ts'

/** A place that is taken and answers nothing: what lies below it is covered, and every access is a decode error. */
export class ReservedRegion extends MemoryRegion {
  override get kind(): RegionKind {
    return 'reserved'
  }

  /** `size` is 1 to 2^64 bytes. */
  constructor(name: string, size: bigint) {
    super(name, size)
  }
}

/** Makes a {@link ReservedRegion}. */
export function reserved(name: string, size: bigint): ReservedRegion {
  return new ReservedRegion(name, size)
}
