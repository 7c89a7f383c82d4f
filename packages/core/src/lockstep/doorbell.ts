import type { Channel, Message } from './channel.ts'

/** A wire to another machine that carries no data but a number: rung here, it is heard there a latency later. */
export class Doorbell {
  readonly channel: Channel
  /** Is called when the other end has rung, with the number that it rang with. */
  onRing: ((value: number) => void) | undefined
  readonly #port: number

  /** `port` is the channel's, the same at both ends. @throws HostbridgeError `lockstep.port-taken`. */
  constructor(channel: Channel, port = 1) {
    this.channel = channel
    this.#port = port
    channel.listen(port, (message) => this.#receive(message))
  }

  /** Rings at the other end, with a number of 32 bits. */
  ring(value = 0): void {
    const payload = new Uint8Array(4)
    new DataView(payload.buffer).setUint32(0, value)
    this.channel.send(this.#port, payload)
  }

  #receive({ payload }: Message): void {
    this.onRing?.(new DataView(payload.buffer, payload.byteOffset).getUint32(0))
  }
}
