import type { Device } from './device.ts'
import type { DmaFault } from './fault-log.ts'
import type { Machine } from './machine.ts'

/** Something that a guest did wrong: the machine goes on, the guest sees its interface's error. */
export interface GuestError {
  /** Stable: `area.what`. */
  readonly code: string
  /** What was wrong and where, for the guest's author. */
  readonly message: string
  /** The device that the guest was talking to. */
  readonly device?: Device
  readonly facts?: Readonly<Record<string, unknown>>
  /** Virtual time in ticks. */
  readonly time: bigint
}

/** What a machine's `events` carry, each after it has happened; a listener must not throw. */
export interface MachineEvents {
  plugged: [device: Device]
  /** `path` is where the device was. */
  unplugged: [device: Device, path: string]
  /** Somebody wishes that the device leaves; it has not been asked yet. */
  'unplug-requested': [device: Device]
  /** The device stays, and why. */
  'unplug-refused': [device: Device, reason: string]
  /** All phases of a reset of the machine are done. */
  reset: [machine: Machine]
  'guest-error': [error: GuestError]
  /** The machine runs and has come so far in this run: every 1,024 events. */
  progress: [events: number, now: bigint]
  fault: [device: Device, fault: DmaFault]
}
