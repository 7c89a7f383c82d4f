import { HostbridgeError } from '@hostbridge/core'
import { ADDRESS_SPACE_SIZE } from '@hostbridge/core/address'
import type { ReplayResult } from '@hostbridge/core/iommu'
import type { Machine } from '@hostbridge/core/machine'
import {
  type AddressSpace,
  IommuRegion,
  type MemorySystem,
  Permission,
  type PermissionBits,
  type Translation,
  type Translator,
} from '@hostbridge/core/memory'
import { formatPciAddress, type PciAddress, type PciSlot, requesterIdOf } from '../pci/index.ts'
import type { Container } from './container.ts'
import type { Containers } from './containers.ts'
import type { HostMemory } from './host-memory.ts'

/** Who a card is passed to. */
export interface Assignment {
  /** The guest's device, for messages. */
  readonly device: string
  readonly machine: Machine
  /** The DMA address space of the guest's bus (PC-3). */
  readonly space: AddressSpace
  readonly replay: boolean
  /** Takes the card's messages: the guest's device signals them on the guest's bus. */
  message(address: bigint, data: number): void
}

const NOTHING: ReplayResult = { events: 0, bytes: 0n, failures: [] }

/**
 * A card's place on a host's bus. The card's DMA goes through the page table of the container that it is in, and nowhere while
 * it is in none.
 */
export class HostSlot implements PciSlot, Translator {
  readonly name: string
  readonly address: PciAddress
  readonly requester: number
  readonly dma: AddressSpace
  readonly #memory: HostMemory
  readonly #containers: Containers
  #assignment: Assignment | undefined
  #container: Container | undefined

  constructor(host: string, address: PciAddress, memory: HostMemory, containers: Containers) {
    this.name = `${host} ${formatPciAddress(address)}`
    this.address = address
    this.requester = requesterIdOf(address)
    this.#memory = memory
    this.#containers = containers
    this.dma = memory.system.createSpace(this.name, new IommuRegion(`${this.name} dma`, ADDRESS_SPACE_SIZE, this))
  }

  /** The guest that the card is passed to. */
  get machine(): Machine | undefined {
    return this.#assignment?.machine
  }

  get container(): Container | undefined {
    return this.#container
  }

  /** The host's own memory system, in which the card's registers are reached. */
  get system(): MemorySystem {
    return this.#memory.system
  }

  /**
   * Passes the card to a guest, with everything mapped that the guest's bus has; the result says what was replayed.
   *
   * @throws PlugRefusedError with all that the host cannot map, HostbridgeError `vfio.card-in-use`; nothing has changed then.
   */
  assign(assignment: Assignment): ReplayResult {
    this.checkFree(`be passed to '${assignment.device}'`)
    const { device, machine, space, replay } = assignment
    const existing = this.#containers.of(space)
    this.#container = this.#containers.join(device, {
      name: `vfio container of '${space.name}'`,
      space,
      guest: machine.space,
      replay,
    })
    this.#assignment = assignment
    return existing === undefined ? this.#container.opened : NOTHING
  }

  /** Takes the card back from its guest. */
  release(): void {
    const container = this.#container
    this.#container = undefined
    this.#assignment = undefined
    if (container !== undefined) this.#containers.leave(container)
  }

  /** @throws HostbridgeError `vfio.card-in-use` while the card is passed to a guest (CT-1). */
  checkFree(what: string): void {
    if (this.#assignment === undefined) return
    const { device, machine } = this.#assignment
    throw new HostbridgeError(
      'vfio.card-in-use',
      `the card at ${this.name} cannot ${what}: it is passed to '${device}' of machine '${machine.name}'; unplug that first`,
      { slot: this.name, device, machine: machine.name },
    )
  }

  /** A message of a card that nobody has is nobody's. */
  deliver(address: bigint, data: number): void {
    this.#assignment?.message(address, data)
  }

  /** Ends the slot's address space. */
  close(): void {
    this.#memory.system.destroySpace(this.dma)
  }

  translate(frame: number, access: PermissionBits, out: Translation): void {
    if (this.#container !== undefined) {
      this.#container.table.translate(frame, access, out)
      return
    }
    out.permission = Permission.none
    out.frame = 0
    out.shift = 64
    out.target = this.#memory.space
  }
}
