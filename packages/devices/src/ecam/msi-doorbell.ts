import { type MmioRegion, mmio } from '@hostbridge/core/memory'

/** Is told of a message: its data, the offset that it was written to, and the requester id that it carries. */
export type MessageSink = (data: number, offset: number, requester: number | undefined) => void

/** A region of memory that functions store their interrupt messages to, 32 bits each (PC-2). */
export class MsiDoorbell {
  readonly #sinks = new Set<MessageSink>()

  /** Makes the region; reads are 0. */
  makeRegion(name: string, size: bigint): MmioRegion {
    return mmio(name, size, {
      valid: { min: 4, max: 4 },
      impl: { min: 4, max: 4 },
      read: () => 0,
      write: (offset, data, _size, { attrs }) => {
        for (const sink of this.#sinks) sink(data, offset, attrs.requester)
      },
    })
  }

  /** Returns what disconnects the sink again. */
  connect(sink: MessageSink): () => void {
    this.#sinks.add(sink)
    return () => {
      this.#sinks.delete(sink)
    }
  }
}
