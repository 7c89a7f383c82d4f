import type { DeviceState, InterruptLine } from '@hostbridge/core/machine'
import { MemTx, type MemTxResult } from '@hostbridge/core/memory'
import { PciDevice } from '../pci/index.ts'

/** A wire to another machine; a lockstep run's `NetworkPort` is one. */
export interface FrameWire {
  /** Sends a copy of a frame, unless its queue is full. */
  send(frame: Uint8Array): boolean
  /** Bytes of a frame that it takes at most; 64 KiB unless told. */
  readonly longestFrame?: number
  onFrame: ((frame: Uint8Array) => void) | undefined
}

export interface LinkAdapterOptions {
  /** For messages; `link-adapter` unless told. */
  readonly name?: string
  readonly wire: FrameWire
}

/** Room in guest memory for a frame. */
interface Buffer {
  readonly iova: bigint
  readonly length: number
}

/** A frame that lies in guest memory, cut to the buffer's length. */
export interface ReceivedFrame extends Buffer {
  readonly result: MemTxResult
}

/** Base class 2 and subclass 80h: a network controller of no further kind (PCI Code and ID Assignment, 1.3). */
const NETWORK_CONTROLLER = 0x02_8000

/** Buffers that may be posted and frames that may wait to be taken; a guest cannot make the adapter hold more. */
const MOST_BUFFERS = 256

/** Bytes, on a wire that does not say. */
const LONGEST_FRAME = 0x1_0000

/** A network function: moves frames by DMA from guest memory to a wire, and from the wire into buffers that the guest has posted. */
export class LinkAdapter extends PciDevice {
  /** Rises when a frame has been received; {@link take} lowers it when it has given the last one. */
  readonly irq: InterruptLine
  readonly #wire: FrameWire
  #posted: Buffer[] = []
  #received: ReceivedFrame[] = []
  #dropped = 0

  constructor({ name = 'link-adapter', wire }: LinkAdapterOptions) {
    super(name, { classCode: NETWORK_CONTROLLER, busMaster: true })
    this.irq = this.interruptLine('irq')
    this.#wire = wire
    wire.onFrame = (frame) => this.#receive(frame)
  }

  /** Frames that found no buffer. */
  get dropped(): number {
    return this.#dropped
  }

  /** Posts a buffer of 0 or more bytes for a frame; returns whether there was room for it. */
  post(iova: bigint, length: number): boolean {
    if (!(Number.isInteger(length) && length >= 0)) return false
    if (this.#posted.length + this.#received.length >= MOST_BUFFERS) return false
    this.#posted.push({ iova, length })
    return true
  }

  /**
   * Sends a frame out of guest memory, and nothing where that cannot be read, or where it has no byte or more than the wire takes.
   *
   * @throws HostbridgeError `pci.not-plugged`.
   */
  send(iova: bigint, length: number): 'sent' | 'full' | 'failed' {
    const { longestFrame = LONGEST_FRAME } = this.#wire
    if (!(Number.isInteger(length) && length >= 1 && length <= longestFrame)) return 'failed'
    const frame = new Uint8Array(length)
    if (this.dmaRead(iova, frame) !== MemTx.ok) return 'failed'
    return this.#wire.send(frame) ? 'sent' : 'full'
  }

  /** Takes the oldest frame that has been received. */
  take(): ReceivedFrame | undefined {
    const frame = this.#received.shift()
    if (this.#received.length === 0) this.irq.lower()
    return frame
  }

  override resetEnter(): void {
    super.resetEnter()
    this.#posted = []
    this.#received = []
    this.#dropped = 0
  }

  override save(): DeviceState {
    return {
      ...super.save(),
      posted: [...this.#posted],
      received: [...this.#received],
      dropped: this.#dropped,
    }
  }

  override restore(state: DeviceState): void {
    super.restore(state)
    this.#posted = [...(state.posted as Buffer[])]
    this.#received = [...(state.received as ReceivedFrame[])]
    this.#dropped = state.dropped as number
  }

  #receive(frame: Uint8Array): void {
    const buffer = this.slot === undefined ? undefined : this.#posted.shift()
    if (buffer === undefined) {
      this.#dropped++
      return
    }
    const { iova } = buffer
    const length = Math.min(buffer.length, frame.length)
    const result = this.dmaWrite(iova, frame.subarray(0, length))
    this.#received.push({ iova, length, result })
    this.irq.raise()
  }
}
