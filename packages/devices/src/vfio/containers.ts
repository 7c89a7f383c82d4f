import type { AddressSpace } from '@hostbridge/core/memory'
import { Container, type ContainerOptions } from './container.ts'
import type { HostMemory } from './host-memory.ts'
import type { Type1Iommu } from './type1-iommu.ts'

/** The containers of a host: one for each DMA address space that cards are passed to, while there are such cards (CT-1). */
export class Containers {
  readonly #iommu: Type1Iommu
  readonly #memory: HostMemory
  readonly #users = new Map<Container, number>()

  constructor(iommu: Type1Iommu, memory: HostMemory) {
    this.#iommu = iommu
    this.#memory = memory
  }

  /** In the order in which they were opened. */
  get all(): readonly Container[] {
    return [...this.#users.keys()]
  }

  /** The container of an address space. */
  of(space: AddressSpace): Container | undefined {
    return this.all.find((container) => container.space === space)
  }

  /**
   * Counts a card in the container of an address space. The first one opens it; for the others nothing is mapped and nothing
   * replayed (CT-3).
   *
   * @throws PlugRefusedError naming `device`; there is no container then.
   */
  join(device: string, options: ContainerOptions): Container {
    const existing = this.of(options.space)
    if (existing !== undefined) {
      this.#users.set(existing, (this.#users.get(existing) ?? 0) + 1)
      return existing
    }
    const container = new Container(this.#iommu, this.#memory, options)
    container.open(device)
    this.#users.set(container, 1)
    return container
  }

  /** Takes a card out of a container; the last one closes it (CT-5). */
  leave(container: Container): void {
    const users = (this.#users.get(container) ?? 1) - 1
    if (users > 0) {
      this.#users.set(container, users)
      return
    }
    container.close()
    this.#users.delete(container)
  }
}
