import { HostbridgeError } from '../errors.ts'
import { CallerMemory } from './caller-memory.ts'
import { MemoryRegion, type RegionKind } from './memory-region.ts'
import { checkBacking } from './region-checks.ts'
import { SparseMemory } from './sparse-memory.ts'
import type { WriteMarks } from './write-marks.ts'

export interface RamOptions {
  /** The bytes; several regions may share them. Default fresh memory of the region's size, all zero. */
  readonly memory?: SparseMemory
  /** Bytes of the caller that become the memory, in place of `memory`: whoever holds them sees every write at once. */
  readonly bytes?: Uint8Array | SharedArrayBuffer
  /** Makes it ROM: reads are direct, writes are refused. */
  readonly readonly?: boolean
}

/** Memory that accesses read and write directly; ROM where it is read-only itself. */
export class RamRegion extends MemoryRegion {
  /** The bytes behind this region, the region's first byte at offset 0. Loaders write here. */
  readonly memory: SparseMemory
  /** Hears of every direct write, while there is one. */
  writeMarks: WriteMarks | undefined = undefined

  constructor(name: string, size: bigint, options: RamOptions = {}) {
    super(name, size)
    this.memory = memoryFor(name, size, options)
    checkBacking(name, size, this.memory)
    if (options.readonly === true) this.setReadonly(true)
  }

  override get kind(): RegionKind {
    return this.readonly ? 'rom' : 'ram'
  }

  override setSize(size: bigint): void {
    checkBacking(this.name, size, this.memory)
    super.setSize(size)
  }
}

function memoryFor(name: string, size: bigint, { memory, bytes }: RamOptions): SparseMemory {
  if (memory === undefined) return bytes === undefined ? new SparseMemory(size) : new CallerMemory(bytes)
  if (bytes === undefined) return memory
  throw new HostbridgeError(
    'memory.backing',
    `region '${name}' cannot have both a memory and bytes of the caller: give one of them`,
    { region: name, memory: memory.size, bytes: bytes.byteLength },
  )
}

/** Makes a {@link RamRegion}. */
export function ram(name: string, size: bigint, options?: RamOptions): RamRegion {
  return new RamRegion(name, size, options)
}

/** Makes a read-only {@link RamRegion}. */
export function rom(name: string, size: bigint, options?: RamOptions): RamRegion {
  return new RamRegion(name, size, { ...options, readonly: true })
}
