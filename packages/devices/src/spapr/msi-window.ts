import { type MmioRegion, mmio } from '@hostbridge/core/memory'
import { MSI_WINDOW } from './spec/host-bridge.ts'

/** Is told of an interrupt that a function has signalled. */
export type MsiSink = (irq: number) => void

/** The window of a bridge's DMA address space that turns a function's 32-bit writes into interrupts: the data is the number (PH-4). */
export class MsiWindow {
  readonly #sinks = new Set<MsiSink>()

  /** Makes the registers, which go at {@link MSI_WINDOW} in a DMA address space. */
  makeRegion(name: string): MmioRegion {
    return mmio(name, MSI_WINDOW.size, {
      read: () => 0,
      write: (_offset, data) => {
        for (const sink of this.#sinks) sink(data)
      },
    })
  }

  /** Returns what disconnects the sink again. */
  connect(sink: MsiSink): () => void {
    this.#sinks.add(sink)
    return () => {
      this.#sinks.delete(sink)
    }
  }
}
