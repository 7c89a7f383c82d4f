import { HostbridgeError } from '../errors.ts'
import { CallerMemory } from './caller-memory.ts'
import { DirtyBlock } from './dirty/dirty-block.ts'
import { DirtyClient } from './dirty/dirty-client.ts'
import type { RamDiscardManager } from './discard/ram-discard-manager.ts'
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
  /** Whether migration wants to know what is written; default true. */
  readonly migratable?: boolean
}

/** Memory that accesses read and write directly; ROM where it is read-only itself. */
export class RamRegion extends MemoryRegion {
  /** The bytes behind this region, the region's first byte at offset 0. Loaders write here. */
  readonly memory: SparseMemory
  /** Hears of every direct write, while there is one. */
  writeMarks: WriteMarks | undefined = undefined
  readonly #isMigratable: boolean
  #dirty: DirtyBlock | undefined
  #discardManager: RamDiscardManager | undefined

  constructor(name: string, size: bigint, options: RamOptions = {}) {
    super(name, size)
    this.memory = memoryFor(name, size, options)
    checkBacking(name, size, this.memory)
    this.#isMigratable = options.migratable ?? true
    if (options.readonly === true) this.setReadonly(true)
  }

  override get kind(): RegionKind {
    return this.readonly ? 'rom' : 'ram'
  }

  override get globalClients(): number {
    return this.#isMigratable ? DirtyClient.migration | DirtyClient.code : DirtyClient.code
  }

  /** Which pages have been written; until it is asked for the first time all of them count as dirty (DL-3). */
  get dirty(): DirtyBlock {
    this.#dirty ??= new DirtyBlock(this.size, () => this.dirtyMask)
    this.writeMarks = this.#dirty
    return this.#dirty
  }

  /** Knows which of this memory is usable, where that is not all of it. */
  get discardManager(): RamDiscardManager | undefined {
    return this.#discardManager
  }

  /**
   * Has a manager say which of this memory is usable; `undefined` makes all of it usable again (RD-1).
   *
   * @throws HostbridgeError `memory.discard-manager` where there is another one, or the region is mapped.
   */
  setDiscardManager(manager: RamDiscardManager | undefined): void {
    const existing = this.#discardManager
    const reason = manager !== undefined && existing !== undefined ? `'${existing.name}' does it` : whyMapped(this)
    if (reason !== undefined) {
      throw new HostbridgeError(
        'memory.discard-manager',
        `who manages the memory of '${this.name}' cannot change to '${manager?.name ?? 'nobody'}': ${reason}`,
        { region: this.name, manager: manager?.name, existing: existing?.name },
      )
    }
    this.#discardManager = manager
  }

  /** All of it is dirty afterwards (DL-3). */
  override setSize(size: bigint): void {
    checkBacking(this.name, size, this.memory)
    if (size !== this.size) this.#dirty?.resize(size)
    super.setSize(size)
  }
}

/** Why a region must stay as it is: somebody may have looked at it already. */
function whyMapped(region: MemoryRegion): string | undefined {
  const { container, mapped } = region
  if (container !== undefined) return `it is mapped in '${container.name}'; take it out of there first`
  return mapped ? 'an alias that is mapped shows it; take the alias out of there first' : undefined
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
