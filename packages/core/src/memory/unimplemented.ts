import { MemTx } from './access.ts'
import type { MmioAccess, MmioOps } from './mmio-ops.ts'
import { MmioRegion } from './mmio-region.ts'

/** Counts the accesses to registers that nobody has written yet, and answers each with a decode error. */
class UnimplementedOps implements MmioOps {
  reads = 0
  writes = 0

  read(_offset: number, _size: number, access: MmioAccess): number {
    this.reads++
    access.result = MemTx.decodeError
    return 0
  }

  write(_offset: number, _value: number, _size: number, access: MmioAccess): void {
    this.writes++
    access.result = MemTx.decodeError
  }
}

/** A place where a machine has something that hostbridge has not: it answers like nothing, but counts who asks. */
export class UnimplementedRegion extends MmioRegion {
  readonly #ops: UnimplementedOps

  constructor(name: string, size: bigint) {
    const ops = new UnimplementedOps()
    super(name, size, ops)
    this.#ops = ops
  }

  /** Read callbacks so far. */
  get reads(): number {
    return this.#ops.reads
  }

  /** Write callbacks so far. */
  get writes(): number {
    return this.#ops.writes
  }
}

/** Makes an {@link UnimplementedRegion}. */
export function unimplemented(name: string, size: bigint): UnimplementedRegion {
  return new UnimplementedRegion(name, size)
}
