import type { AddressSpace, MemoryRegion, MemorySystem, MmioAccess } from '@hostbridge/core/memory'
import { MemTx, mmio } from '@hostbridge/core/memory'
import type { Bar } from '../pci/index.ts'

/** What a read of a card answers that is not reached. */
const ABSENT = 0xffff_ffff
const ABSENT_64 = 0xffff_ffff_ffff_ffffn

/**
 * The region that a base address register of a passed-through card has in the guest: every access is done to the card's own
 * region, in its host, with the same size (CT-8 without what is mapped directly).
 */
export class CardBar {
  /** For the guest's base address register. */
  readonly region: MemoryRegion
  readonly #card: MemoryRegion
  #space: AddressSpace | undefined

  /** `bar` is the card's. */
  constructor(name: string, bar: Bar) {
    this.#card = bar.region
    this.region = mmio(name, bar.size, {
      valid: { min: 1, max: 8 },
      impl: { min: 1, max: 8 },
      read: (offset, size, access) => this.#read(offset, size, access),
      write: (offset, value, size, access) => this.#write(offset, value, size, access),
      read64: (offset, access) => {
        const space = this.#space
        if (space === undefined) return unreached(access, ABSENT_64)
        const value = space.load64(BigInt(offset), 'little', access.attrs)
        access.result |= space.loadResult
        return value
      },
      write64: (offset, value, access) => {
        return this.#space?.store64(BigInt(offset), value, 'little', access.attrs) ?? MemTx.decodeError
      },
    })
  }

  /** Lets accesses reach the card in its host. @throws HostbridgeError `memory.foreign-region` for a card that was in another one. */
  open(host: MemorySystem): void {
    this.#space = host.createSpace(`${this.region.name} of the host`, this.#card)
  }

  close(): void {
    const space = this.#space
    this.#space = undefined
    space?.system.destroySpace(space)
  }

  #read(offset: number, size: number, access: MmioAccess): number {
    const space = this.#space
    if (space === undefined) return unreached(access, ABSENT)
    const at = BigInt(offset)
    const { attrs } = access
    const value =
      size === 4
        ? space.load32(at, 'little', attrs)
        : size === 2
          ? space.load16(at, 'little', attrs)
          : space.load8(at, attrs)
    access.result |= space.loadResult
    return value
  }

  #write(offset: number, value: number, size: number, { attrs }: MmioAccess): number {
    const at = BigInt(offset)
    if (size === 4) return this.#space?.store32(at, value, 'little', attrs) ?? MemTx.decodeError
    if (size === 2) return this.#space?.store16(at, value, 'little', attrs) ?? MemTx.decodeError
    return this.#space?.store8(at, value, attrs) ?? MemTx.decodeError
  }
}

function unreached<T>(access: MmioAccess, value: T): T {
  access.result |= MemTx.decodeError
  return value
}
