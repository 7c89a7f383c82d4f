import { HostbridgeError } from '@hostbridge/core'
import type { AddressSpace } from '@hostbridge/core/memory'
import { type PciDevice, parsePciAddress } from '../pci/index.ts'
import type { Container } from './container.ts'
import { Containers } from './containers.ts'
import { HostMemory } from './host-memory.ts'
import { HostSlot } from './host-slot.ts'
import type { Type1Iommu } from './type1-iommu.ts'

export interface HostOptions {
  /** What the host can map. */
  readonly iommu: Type1Iommu
  /** For messages; `host` unless told. */
  readonly name?: string
}

/**
 * The machine underneath: it has cards to pass through and an IOMMU of its own, whose tables only VFIO containers fill.
 *
 * A card's DMA meets the host's table, not the guest's: what was not mapped there faults, whatever the guest believes.
 */
export class Host {
  readonly name: string
  readonly iommu: Type1Iommu
  /** Where guest RAM lies while it is mapped. */
  readonly memory: HostMemory
  readonly #containers: Containers
  readonly #cards = new Map<string, PciDevice>()

  constructor(options: HostOptions) {
    this.name = options.name ?? 'host'
    this.iommu = options.iommu
    this.memory = new HostMemory(this.name, options.iommu.pages.smallest)
    this.#containers = new Containers(options.iommu, this.memory)
  }

  /** The containers there are, in the order in which they were opened. */
  get containers(): readonly Container[] {
    return this.#containers.all
  }

  /** The container of a guest's DMA address space, while a card is in it. */
  containerOf(space: AddressSpace): Container | undefined {
    return this.#containers.of(space)
  }

  /** Entries in the page tables of all containers. */
  get entries(): number {
    return this.containers.reduce((sum, { table }) => sum + table.entries, 0)
  }

  /**
   * Puts a card into a slot such as `0000:01:00.0` and returns it. No guest has it yet: its DMA faults.
   *
   * @throws HostbridgeError `pci.address`, `pci.already-plugged`, `vfio.slot-taken`.
   */
  plug<D extends PciDevice>(address: string, card: D): D {
    const parsed = parsePciAddress(address)
    const slot = new HostSlot(this.name, parsed, this.memory, this.#containers)
    const other = this.#cards.get(slot.name)
    if (other !== undefined) {
      slot.close()
      throw new HostbridgeError(
        'vfio.slot-taken',
        `'${card.name}' cannot be plugged at ${slot.name}: '${other.name}' is there; take another slot or unplug it`,
        { card: card.name, slot: slot.name, other: other.name },
      )
    }
    try {
      card.enterSlot(slot)
    } catch (error) {
      slot.close()
      throw error
    }
    this.#cards.set(slot.name, card)
    return card
  }

  /** Takes a card out of the host. @throws HostbridgeError `vfio.not-here`, `vfio.card-in-use`. */
  unplug(card: PciDevice): void {
    const { slot } = card
    if (!(slot instanceof HostSlot) || this.#cards.get(slot.name) !== card) {
      const where = slot === undefined ? 'nowhere' : `at ${slot.name}`
      throw new HostbridgeError(
        'vfio.not-here',
        `'${card.name}' cannot be unplugged from ${this.name}: it is ${where}`,
        {
          card: card.name,
          host: this.name,
        },
      )
    }
    slot.checkFree('leave the host')
    this.#cards.delete(slot.name)
    card.leaveSlot(slot)
    slot.close()
  }
}
