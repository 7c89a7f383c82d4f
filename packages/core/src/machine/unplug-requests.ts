import { HostbridgeError } from '../errors.ts'
import type { Device } from './device.ts'
import type { Machine } from './machine.ts'
import { runAll } from './run-all.ts'

/** What a device says when it is asked to go: at once, later when its guest ejects it, or not at all. */
export type UnplugAnswer = 'eject' | 'wait' | { readonly refuse: string }

/** A wish that a device leaves its machine. */
export interface UnplugRequest {
  readonly device: Device
  /** Where the device was when it was asked. */
  readonly path: string
  /** Virtual time of the first asking, in ticks. */
  readonly since: bigint
  /** `waiting` for the guest, or settled: the device is `gone`, or stays because the wish was `refused`. */
  readonly status: 'waiting' | 'gone' | 'refused'
  /** Why it was refused. */
  readonly reason: string | undefined
}

type Open = { -readonly [K in keyof UnplugRequest]: UnplugRequest[K] }

/** The wishes of one machine that wait for their guests; a device that goes, whyever it goes, settles its own. */
export class UnplugRequests {
  readonly #machine: Machine
  readonly #waiting = new Map<Device, Open>()

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Those that wait, the oldest first. */
  get waiting(): readonly UnplugRequest[] {
    return [...this.#waiting.values()]
  }

  /** Asks the device, then the one that it sits behind; whoever was asked before is reminded. */
  ask(device: Device): UnplugRequest {
    const earlier = this.#waiting.get(device)
    const request = earlier ?? this.#open(device)
    let answer: UnplugAnswer
    try {
      this.#machine.events.emit('unplug-requested', device)
      answer = answerOf(device)
    } catch (error) {
      if (earlier === undefined) this.#waiting.delete(device)
      throw error
    }
    // Whoever was asked may have let it go, or refused, before it answered.
    if (this.#waiting.get(device) !== request) return request
    if (answer === 'eject') this.#machine.unplug(device)
    else if (answer !== 'wait') this.refuse(device, answer.refuse)
    return request
  }

  /** @throws HostbridgeError `machine.no-unplug-request`. */
  refuse(device: Device, reason: string): void {
    const request = this.#waiting.get(device)
    if (request === undefined) {
      throw new HostbridgeError(
        'machine.no-unplug-request',
        `'${device.name}' cannot refuse to leave machine '${this.#machine.name}': nobody has asked it to`,
        { device: device.name, machine: this.#machine.name },
      )
    }
    this.#waiting.delete(device)
    request.status = 'refused'
    request.reason = reason
    this.#machine.events.emit('unplug-refused', device, reason)
  }

  /** Settles the wish for a device that has left. */
  gone(device: Device): void {
    const request = this.#waiting.get(device)
    if (request === undefined) return
    this.#waiting.delete(device)
    request.status = 'gone'
  }

  /** Lets go whoever waits: the guest that was to say when is gone, as at a reset. Throws the first error met when all are gone. */
  ejectAll(): void {
    runAll(
      Array.from(this.#waiting.keys(), (device) => () => {
        if (this.#waiting.has(device)) this.#machine.unplug(device)
      }),
    )
  }

  /** Forgets all wishes and takes up saved ones, in their order. */
  restore(saved: Iterable<{ readonly device: Device; readonly since: bigint }>): void {
    this.#waiting.clear()
    for (const { device, since } of saved) this.#open(device, since)
  }

  #open(device: Device, since: bigint = this.#machine.now): Open {
    const request: Open = { device, path: device.path, since, status: 'waiting', reason: undefined }
    this.#waiting.set(device, request)
    return request
  }
}

function answerOf(device: Device): UnplugAnswer {
  const { parent } = device
  const own = device.onUnplugRequest()
  if (own !== 'eject' || parent === undefined || device.machine === undefined) return own
  return parent.onUnplugRequestBelow(device)
}
