import type { Device } from './device.ts'
import { devicesBelow } from './device-tree.ts'

/**
 * Resets devices with all that is plugged below them, as a bus or a machine does.
 *
 * In three phases, each for every device before the next begins: enter, hold, exit. Inside a phase a device comes before its
 * children (rule PH-7) and siblings come in the order of plugging: a bridge has put its windows back when the devices
 * behind it start anew. A device that is unplugged meanwhile is left alone from then on.
 */
export function resetDevices(roots: Iterable<Device>): void {
  const devices = [...devicesBelow(roots)]
  for (const device of stillPlugged(devices)) device.resetEnter()
  for (const device of stillPlugged(devices)) {
    device.resetHold()
    for (const line of device.interrupts.values()) line.lower()
  }
  for (const device of stillPlugged(devices)) device.resetExit()
}

function* stillPlugged(devices: readonly Device[]): Generator<Device, void, undefined> {
  for (const device of devices) if (device.machine !== undefined) yield device
}
