import { HostbridgeError } from '../errors.ts'
import { tickOf } from '../time/tick.ts'
import type { Device, DeviceState } from './device.ts'
import type { Machine } from './machine.ts'

// Part of every JavaScript host, though not of the language's own library.
declare function structuredClone<T>(value: T): T

export interface SavedDevice {
  readonly path: string
  readonly state: DeviceState
  /** Names of the interrupt lines that are raised. */
  readonly raised: readonly string[]
}

/** The time of a machine and the state of its devices, as plain data. The contents of RAM are not in it. */
export interface MachineState {
  readonly machine: string
  readonly now: bigint
  /** Each before its children, siblings in the order of plugging. */
  readonly devices: readonly SavedDevice[]
}

/** @throws HostbridgeError `machine.state` for a device whose state cannot be cloned, with the reason as its cause. */
export function saveMachine(machine: Machine): MachineState {
  return { machine: machine.name, now: machine.now, devices: Array.from(machine.devices(), saveDevice) }
}

/**
 * Brings a machine of the same composition to a saved time and state, as often as one likes: devices are given a copy.
 * Waiting events are forgotten: devices schedule theirs again, in the order that {@link MachineState.devices} has; what the
 * composer scheduled is the composer's to schedule again.
 *
 * @throws HostbridgeError `machine.state` when the devices are not those of the state; the machine is as it was then.
 */
export function restoreMachine(machine: Machine, state: MachineState): void {
  const devices = new Map(Array.from(machine.devices(), (device) => [device.path, device]))
  const saved = new Set(state.devices.map(({ path }) => path))
  const extra = [...devices.keys()].filter((path) => !saved.has(path))
  const missing = [...saved].filter((path) => !devices.has(path))
  if (extra.length > 0 || missing.length > 0) {
    throw new HostbridgeError(
      'machine.state',
      `machine '${machine.name}' cannot take the state of '${state.machine}': it lacks [${missing.join(', ')}] and has ` +
        `[${extra.join(', ')}] besides; plug the same devices at the same places first`,
      { missing, extra },
    )
  }
  machine.queue.reset(tickOf(state.now))
  for (const { path, state: deviceState, raised } of state.devices) {
    const device = devices.get(path) as Device
    for (const line of device.interrupts.values()) line.restore(raised.includes(line.name))
    device.restore(structuredClone(deviceState))
  }
}

function saveDevice(device: Device): SavedDevice {
  const raised = [...device.interrupts.values()].filter((line) => line.raised).map((line) => line.name)
  try {
    return { path: device.path, state: structuredClone(device.save()), raised }
  } catch (cause) {
    throw new HostbridgeError(
      'machine.state',
      `the state of '${device.path}' cannot be saved: let its save() return plain data`,
      { device: device.path },
      { cause },
    )
  }
}
