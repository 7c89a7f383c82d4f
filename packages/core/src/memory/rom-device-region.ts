import { DirtyBlock } from './dirty/dirty-block.ts'
import { DirtyClient } from './dirty/dirty-client.ts'
import { MemoryRegion, type RegionKind } from './memory-region.ts'
import type { MemorySystem } from './memory-system.ts'
import type { MmioOps } from './mmio-ops.ts'
import { MmioPort } from './mmio-port.ts'
import type { RamOptions } from './ram-region.ts'
import { checkBacking, checkRegisters } from './region-checks.ts'
import { SparseMemory } from './sparse-memory.ts'
import type { WriteMarks } from './write-marks.ts'

/**
 * Flash: in ROM mode reads are direct and writes are calls of {@link MmioOps}; otherwise both are calls.
 * It starts in ROM mode.
 */
export class RomDeviceRegion extends MemoryRegion {
  /** The bytes that reads see in ROM mode, and that the callbacks change. */
  readonly memory: SparseMemory
  readonly port: MmioPort
  /** Hears of every direct write (debug and loader writes, RW-7), while there is one. */
  writeMarks: WriteMarks | undefined = undefined
  #romMode = true
  #dirty: DirtyBlock | undefined

  constructor(name: string, size: bigint, ops: MmioOps, options: Pick<RamOptions, 'memory'> = {}) {
    checkRegisters(name, size)
    super(name, size)
    this.port = new MmioPort(name, ops)
    this.memory = options.memory ?? new SparseMemory(size)
    checkBacking(name, size, this.memory)
  }

  override get kind(): RegionKind {
    return 'romd'
  }

  override get globalClients(): number {
    return DirtyClient.migration | DirtyClient.code
  }

  /** Which pages have been written by loaders and debuggers; until it is asked for the first time all count as dirty (DL-3). */
  get dirty(): DirtyBlock {
    this.#dirty ??= new DirtyBlock(this.size, () => this.dirtyMask)
    this.writeMarks = this.#dirty
    return this.#dirty
  }

  /** Whether reads are direct. */
  get romMode(): boolean {
    return this.#romMode
  }

  setRomMode(romMode: boolean): void {
    if (romMode === this.#romMode) return
    this.change(this.enabled, () => {
      this.#romMode = romMode
    })
  }

  override bind(system: MemorySystem): void {
    super.bind(system)
    this.port.settleOrder(system.endianness)
  }

  override setSize(size: bigint): void {
    checkRegisters(this.name, size)
    checkBacking(this.name, size, this.memory)
    if (size !== this.size) this.#dirty?.resize(size)
    super.setSize(size)
  }
}

/** Makes a {@link RomDeviceRegion}. */
export function romDevice(
  name: string,
  size: bigint,
  ops: MmioOps,
  options?: Pick<RamOptions, 'memory'>,
): RomDeviceRegion {
  return new RomDeviceRegion(name, size, ops, options)
}
