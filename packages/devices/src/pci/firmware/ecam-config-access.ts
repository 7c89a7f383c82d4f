import { type AddressSpace, MemTx } from '@hostbridge/core/memory'
import { allOnes, type ConfigAccess } from './config-access.ts'

/** log2 of the bytes that a function has in the window (PCI Express Base 5.0, table 7-1). */
const FUNCTION_SHIFT = 12

/** Configuration accesses through a memory window that shows the registers of every function (PCI Express Base 5.0, section 7.2.2). */
export class EcamConfigAccess implements ConfigAccess {
  readonly #space: AddressSpace
  readonly #start: bigint

  /** `start` is the first address of the window, where bus 0 begins. */
  constructor(space: AddressSpace, start: bigint) {
    this.#space = space
    this.#start = start
  }

  read(address: number, offset: number, size: number): number {
    const space = this.#space
    const at = this.#at(address, offset)
    const value = size === 4 ? space.load32(at, 'little') : size === 2 ? space.load16(at, 'little') : space.load8(at)
    return space.loadResult === MemTx.ok ? value : allOnes(size)
  }

  write(address: number, offset: number, size: number, value: number): void {
    const space = this.#space
    const at = this.#at(address, offset)
    if (size === 4) space.store32(at, value, 'little')
    else if (size === 2) space.store16(at, value, 'little')
    else space.store8(at, value)
  }

  #at(address: number, offset: number): bigint {
    return this.#start + BigInt(address * 2 ** FUNCTION_SHIFT + offset)
  }
}
