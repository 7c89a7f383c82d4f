import { ADDRESS_SPACE_SIZE, frameOf, GiB } from '@hostbridge/core/address'
import {
  type AddressSpace,
  ContainerRegion,
  type MappableRegion,
  MemorySystem,
  RamRegion,
  type SparseMemory,
} from '@hostbridge/core/memory'

interface Placed {
  readonly start: bigint
  readonly end: bigint
  readonly region: RamRegion
  users: number
}

/**
 * The memory of a host: guest RAM appears in it while somebody maps it, as a region that shares the guest's bytes.
 *
 * RAM lies at multiples of 1 GiB, or of the host's smallest page if that is larger, in the lowest gap that takes it: large
 * host pages fit, and the same machine always gets the same host addresses.
 */
export class HostMemory {
  readonly system: MemorySystem
  readonly space: AddressSpace
  readonly #root: ContainerRegion
  readonly #placed = new Map<SparseMemory, Placed>()
  readonly #alignment: bigint

  /** `smallestPage` is that of the host, in bytes. */
  constructor(name: string, smallestPage: bigint) {
    this.#alignment = smallestPage > GiB ? smallestPage : GiB
    this.system = new MemorySystem(name)
    this.#root = new ContainerRegion(`${name}-memory`)
    this.space = this.system.createSpace(`${name}-memory`, this.#root)
  }

  /** How many guest RAMs are placed now. */
  get placed(): number {
    return this.#placed.size
  }

  /** Counts a user of the memory of `region` and returns its first page frame; `undefined` if no gap takes it. */
  acquire(region: MappableRegion): number | undefined {
    const existing = this.#placed.get(region.memory)
    if (existing !== undefined) {
      existing.users++
      return frameOf(existing.start)
    }
    const size = region.memory.size
    const start = this.#gapFor(size)
    if (start === undefined) return undefined
    const shared = new RamRegion(`${region.name}@host`, size, { memory: region.memory })
    this.#root.add(shared, start)
    this.#placed.set(region.memory, { start, end: start + size, region: shared, users: 1 })
    return frameOf(start)
  }

  /** Takes one user of `memory` away; without users it leaves the host. */
  release(memory: SparseMemory): void {
    const placed = this.#placed.get(memory)
    if (placed === undefined || --placed.users > 0) return
    this.#root.remove(placed.region)
    this.#placed.delete(memory)
  }

  #gapFor(size: bigint): bigint | undefined {
    let start = 0n
    for (const placed of [...this.#placed.values()].sort((a, b) => (a.start < b.start ? -1 : 1))) {
      if (start + size <= placed.start) break
      start = ((placed.end + this.#alignment - 1n) / this.#alignment) * this.#alignment
    }
    return start + size <= ADDRESS_SPACE_SIZE ? start : undefined
  }
}
