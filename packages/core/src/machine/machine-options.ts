import type { Device } from './device.ts'

export interface PlugOptions {
  /** The bridge that the device sits behind. */
  readonly parent?: Device
  /** The last part of its path; the device's name if left out. */
  readonly at?: string
}

export interface MachineOptions {
  /** Events at one instant before a run ends as a livelock, 1 or more; 10^6 if left out. */
  readonly maxAtOneInstant?: number
}
