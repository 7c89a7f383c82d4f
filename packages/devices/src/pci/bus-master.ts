import type { AddressSpace, MemTxAttrs, MemTxResult } from '@hostbridge/core/memory'
import { alias, ContainerRegion, type MemoryRegion } from '@hostbridge/core/memory'

/**
 * The DMA port of one function: an address space of its own, which shows all of the bus's DMA address space while the function
 * may be a bus master, and nothing otherwise (PC-1).
 */
export class BusMaster {
  readonly space: AddressSpace
  readonly #window: MemoryRegion

  constructor(name: string, dma: AddressSpace) {
    const root = new ContainerRegion(`${name} bus master`)
    this.#window = alias(`${name} dma`, dma.root)
    this.#window.setEnabled(false)
    root.add(this.#window, 0n)
    this.space = dma.system.createSpace(`${name} bus master`, root)
  }

  get enabled(): boolean {
    return this.#window.enabled
  }

  /** Follows the function's command register. */
  setEnabled(enabled: boolean): void {
    this.#window.setEnabled(enabled)
  }

  /** Ends the address space. */
  close(): void {
    this.space.root.remove(this.#window)
    this.space.system.destroySpace(this.space)
  }

  /** Stores a message signaled interrupt: 32 bits, little-endian (PC-2). */
  message(address: bigint, data: number, attrs: MemTxAttrs): MemTxResult {
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setUint32(0, data, true)
    return this.space.write(address, bytes, attrs)
  }
}
