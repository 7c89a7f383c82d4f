import { HostbridgeError } from '../errors.ts'
import type { FingerprintState } from '../time/fingerprint.ts'
import { tickOf } from '../time/tick.ts'
import type { BoundedLog, SavedLog } from './bounded-log.ts'
import type { Device, DeviceState } from './device.ts'
import type { DmaFault } from './fault-log.ts'
import type { Machine } from './machine.ts'
import type { GuestError } from './machine-events.ts'
import { inRestoreOrder } from './restore-stage.ts'
import { type EventOwner, restoreEvents, type SavedEvents, saveEvents } from './saved-events.ts'
import type { UnplugRequests } from './unplug-requests.ts'

// Part of every JavaScript host, though not of the language's own library.
declare function structuredClone<T>(value: T): T

export interface SavedDevice {
  readonly path: string
  readonly state: DeviceState
  /** Names of the interrupt lines that are raised. */
  readonly raised: readonly string[]
  readonly faults: SavedLog<DmaFault>
}

/** A guest's mistake with the device's path in its place. */
interface SavedGuestError extends Omit<GuestError, 'device'> {
  readonly path: string | undefined
}

/** The time of a machine, its waiting events and the state of its devices, as plain data. The contents of RAM are not in it. */
export interface MachineState {
  readonly machine: string
  readonly now: bigint
  /** Each before its children, siblings in the order of plugging. */
  readonly devices: readonly SavedDevice[]
  readonly events: SavedEvents
  /** Of all events that have happened. */
  readonly fingerprint: FingerprintState
  readonly guestErrors: SavedLog<SavedGuestError>
  /** Devices that were asked to leave and wait for their guest, the oldest wish first. */
  readonly unplugRequests: readonly { readonly path: string; readonly since: bigint }[]
}

/** The parts of a machine that only it reaches. */
export interface MachineParts {
  readonly eventOwners: Iterable<EventOwner>
  /** Puts siblings into an order, all over the tree. */
  arrange(order: (a: Device, b: Device) => number): void
  readonly unplugRequests: UnplugRequests
}

/**
 * @throws HostbridgeError `machine.state` for a device whose state cannot be cloned, with the reason as its cause;
 *   `machine.one-off-event` for a waiting event that nothing could make again.
 */
export function saveMachine(machine: Machine, parts: MachineParts): MachineState {
  return {
    machine: machine.name,
    now: machine.now,
    devices: Array.from(machine.devices(), saveDevice),
    events: saveEvents(machine.name, machine.queue, parts.eventOwners),
    fingerprint: machine.fingerprint.save(),
    guestErrors: saveGuestErrors(machine),
    unplugRequests: machine.unplugRequests.map(({ device, since }) => ({ path: device.path, since })),
  }
}

/**
 * Brings a machine of the same composition to a saved time and state, as often as one likes: devices are given a copy.
 *
 * Siblings are put into the order in which the saved ones were plugged, all interrupt lines are set, then devices take up their states in the order of {@link inRestoreOrder}, then the saved events
 * wait in their old turns. Events that are not in the state wait no more, nor does anybody whom `machine.waits` tells of: who still
 * does says so again in its `restore`.
 *
 * @throws HostbridgeError `machine.state` when the devices are not those of the state; the machine is as it was then. The same
 *   for a device that cannot take up its state, with the reason as its cause; the machine is half restored then.
 */
export function restoreMachine(machine: Machine, state: MachineState, parts: MachineParts): void {
  const devices = new Map(Array.from(machine.devices(), (device) => [device.path, device]))
  const saved = new Map(state.devices.map((device) => [device.path, device]))
  checkDevices(machine, state, devices, saved)
  arrangeAsSaved(state, parts)
  machine.queue.reset(tickOf(state.now))
  machine.waits.clear()
  for (const [path, device] of devices) {
    const { raised } = saved.get(path) as SavedDevice
    for (const line of device.interrupts.values()) line.restore(raised.includes(line.name))
  }
  for (const device of inRestoreOrder(devices.values())) {
    restoreDevice(device, (saved.get(device.path) as SavedDevice).state)
  }
  for (const [path, device] of devices) device.faults.restore((saved.get(path) as SavedDevice).faults)
  restoreEvents(machine.name, machine.queue, parts.eventOwners, state.events)
  machine.fingerprint.restore(state.fingerprint)
  restoreGuestErrors(machine.guestErrors, state.guestErrors, devices)
  parts.unplugRequests.restore(
    state.unplugRequests.map(({ path, since }) => ({ device: devices.get(path) as Device, since })),
  )
}

/** The order of plugging is that of resets; devices that left and came back have changed it. */
function arrangeAsSaved({ devices }: MachineState, parts: MachineParts): void {
  const turns = new Map(devices.map(({ path }, index) => [path, index]))
  parts.arrange((a, b) => (turns.get(a.path) as number) - (turns.get(b.path) as number))
}

function restoreDevice(device: Device, state: DeviceState): void {
  try {
    device.restore(structuredClone(state))
  } catch (cause) {
    if (cause instanceof HostbridgeError) throw cause
    const message = `'${device.path}' cannot take up its state (${String(cause)}): plug the device that was saved`
    throw new HostbridgeError('machine.state', message, { device: device.path }, { cause })
  }
}

function checkDevices(
  machine: Machine,
  state: MachineState,
  devices: ReadonlyMap<string, Device>,
  saved: ReadonlyMap<string, SavedDevice>,
): void {
  const extra = [...devices.keys()].filter((path) => !saved.has(path))
  const missing = [...saved.keys()].filter((path) => !devices.has(path))
  if (extra.length === 0 && missing.length === 0) return
  throw new HostbridgeError(
    'machine.state',
    `machine '${machine.name}' cannot take the state of '${state.machine}': it lacks [${missing.join(', ')}] and has ` +
      `[${extra.join(', ')}] besides; plug the same devices at the same places first`,
    { missing, extra },
  )
}

function saveDevice(device: Device): SavedDevice {
  const raised = [...device.interrupts.values()].filter((line) => line.raised).map((line) => line.name)
  try {
    return { path: device.path, state: structuredClone(device.save()), raised, faults: device.faults.save() }
  } catch (cause) {
    throw new HostbridgeError(
      'machine.state',
      `the state of '${device.path}' cannot be saved: let its save() return plain data`,
      { device: device.path },
      { cause },
    )
  }
}

function saveGuestErrors(machine: Machine): SavedLog<SavedGuestError> {
  const { total, entries } = machine.guestErrors.save()
  return {
    total,
    entries: entries.map(({ device, ...error }) => cloneError({ ...error, path: device?.path })),
  }
}

function cloneError(error: SavedGuestError): SavedGuestError {
  try {
    return structuredClone(error)
  } catch (cause) {
    const { code, path } = error
    const message = `guest error '${code}' of '${path ?? 'nobody'}' cannot be saved: let its facts be plain data`
    throw new HostbridgeError('machine.state', message, { code, device: path }, { cause })
  }
}

function restoreGuestErrors(
  log: BoundedLog<GuestError>,
  { total, entries }: SavedLog<SavedGuestError>,
  devices: ReadonlyMap<string, Device>,
): void {
  log.restore({
    total,
    entries: entries.map(({ path, ...error }) => {
      const device = devices.get(path ?? '')
      return device === undefined ? error : { ...error, device }
    }),
  })
}
