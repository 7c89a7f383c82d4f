import { ADDRESS_SPACE_SIZE } from '../address/units.ts'
import { MemoryRegion, type RegionKind } from './memory-region.ts'

/** Holds other regions and answers nothing itself: where no child is, what lies below shows through. */
export class ContainerRegion extends MemoryRegion {
  constructor(name: string, size: bigint = ADDRESS_SPACE_SIZE) {
    super(name, size)
  }

  override get terminates(): boolean {
    return false
  }

  override get kind(): RegionKind {
    return 'container'
  }
}

/** Makes a {@link ContainerRegion}; without `size` it is 2^64 bytes. */
export function container(name: string, size?: bigint): ContainerRegion {
  return new ContainerRegion(name, size)
}
