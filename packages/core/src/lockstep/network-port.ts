import { HostbridgeError } from '../errors.ts'
import type { SimEvent } from '../time/event.ts'
import type { Channel, Message, PortUser } from './channel.ts'
import { Transmitter, type TransmitterState } from './transmitter.ts'

export interface NetworkPortOptions {
  readonly bitsPerSecond: bigint
  /** Bytes that may wait for the wire, the frame that is leaving included; 64 KiB unless told. */
  readonly queueBytes?: number
  /** The channel's port; 0 unless told. */
  readonly port?: number
}

/**
 * One end of a network link with a bandwidth: frames leave one after the other, and arrive a latency after their last bit.
 *
 * Both ends have a wire of their own to the other. Where the queue is full the sender is told, and told again when there is
 * room: that is back-pressure in virtual time, the same however the domains are run.
 */
export class NetworkPort implements PortUser {
  readonly channel: Channel
  /** Is called with each frame that has arrived; it may keep it. */
  onFrame: ((frame: Uint8Array) => void) | undefined
  /** Is called when there is room for a frame that {@link send} has refused. */
  onRoom: (() => void) | undefined
  readonly #port: number
  readonly #transmitter: Transmitter
  readonly #room: SimEvent

  /** @throws HostbridgeError `lockstep.bandwidth`, `lockstep.port-taken`. */
  constructor(channel: Channel, options: NetworkPortOptions) {
    const { bitsPerSecond, queueBytes = 0x1_0000, port = 0 } = options
    this.channel = channel
    this.#port = port
    this.#transmitter = new Transmitter(bitsPerSecond, queueBytes)
    channel.listen(port, this)
    this.#room = channel.domain.event(`room on ${channel.place.link} port ${port}`, () => this.onRoom?.())
  }

  /** Bytes of a frame at most: as many as the queue takes, and as go through the ring between the two domains. */
  get longestFrame(): number {
    return Math.min(this.#transmitter.capacity, this.channel.place.longestPayload)
  }

  /**
   * Sends a copy of a frame; returns whether the queue had room for it.
   *
   * @throws HostbridgeError `lockstep.frame-size` for a frame that is longer than {@link longestFrame}.
   */
  send(frame: Uint8Array): boolean {
    const { queue } = this.channel.domain
    const { place } = this.channel
    if (frame.length > this.longestFrame) {
      const message =
        `a frame of ${frame.length} bytes does not fit on link '${place.link}' from '${this.channel.domain.name}' to ` +
        `'${place.peer}', whose queue takes ${this.#transmitter.capacity} bytes and whose ring ${place.longestPayload}: ` +
        "raise queueBytes and the plan's ringBytes, or send less at once"
      const facts = { link: place.link, length: frame.length, longestFrame: this.longestFrame }
      throw new HostbridgeError('lockstep.frame-size', message, facts)
    }
    const leaves = this.#transmitter.offer(queue.now, frame.length)
    if (leaves === undefined) {
      const at = this.#transmitter.roomAt(queue.now, frame.length)
      // Who has been refused a shorter frame is told first.
      if (!(this.#room.time <= at)) queue.reschedule(this.#room, at)
      return false
    }
    this.channel.send(this.#port, frame, { at: leaves + place.latency })
    return true
  }

  receive({ payload }: Message): void {
    this.onFrame?.(payload)
  }

  save(): TransmitterState {
    return this.#transmitter.save()
  }

  restore(state: TransmitterState): void {
    this.#transmitter.restore(state)
  }
}
