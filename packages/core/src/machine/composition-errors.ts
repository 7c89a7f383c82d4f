import { formatRange, overlaps, rangeOf } from '../address/range.ts'
import { HostbridgeError } from '../errors.ts'
import type { MemoryRegion } from '../memory/memory-region.ts'
import { formatMapAround } from '../memory/mtree/map-slice.ts'
import type { Device, DevicePlace } from './device.ts'
import type { Machine } from './machine.ts'

/**
 * Refuses a region that would hide, or be hidden by, one of the same priority.
 *
 * @throws HostbridgeError `machine.overlap`, `address.range`.
 */
export function checkPlaceInMemory(machine: Machine, address: bigint, region: MemoryRegion, priority: number): void {
  const range = rangeOf(address, region.size)
  for (const other of machine.root.children) {
    if (other === region || other.priority !== priority || !other.enabled || !region.enabled) continue
    const taken = { start: other.address, last: other.address + other.size - 1n }
    if (!overlaps(range, taken)) continue
    throw new HostbridgeError(
      'machine.overlap',
      `'${region.name}' at ${formatRange(range)} overlaps '${other.name}' at ${formatRange(taken)} in machine ` +
        `'${machine.name}': move one of them, or give the one to be seen a higher priority` +
        formatMapAround(machine.space, range),
      { region: region.name, range, other: other.name, otherRange: taken },
    )
  }
}

/** @throws HostbridgeError `machine.already-plugged`. */
export function checkLoose(machine: Machine, device: Device): void {
  const owner = device.machine
  if (owner !== undefined) {
    throw new HostbridgeError(
      'machine.already-plugged',
      `'${device.name}' cannot be plugged into machine '${machine.name}': it is in machine '${owner.name}' at ` +
        `'${device.path}'; unplug it there first`,
      { device: device.name, machine: machine.name, owner: owner.name, path: device.path },
    )
  }
}

/** @throws HostbridgeError `machine.place-name`, `machine.foreign-parent`, `machine.place-taken`. */
export function checkPlace({ machine, parent, at }: DevicePlace, device: Device): void {
  if (at === '' || at.includes('/')) {
    throw new HostbridgeError(
      'machine.place-name',
      `'${device.name}' cannot be plugged into machine '${machine.name}' at ${JSON.stringify(at)}: a part of a path is not empty ` +
        "and has no '/'; give it another name, or a place by the option at",
      { device: device.name, machine: machine.name, at },
    )
  }
  if (parent !== undefined && parent.machine !== machine) {
    throw new HostbridgeError(
      'machine.foreign-parent',
      `'${device.name}' cannot be plugged below '${parent.name}' into machine '${machine.name}': '${parent.name}' is in ` +
        `${parent.machine ? `machine '${parent.machine.name}'` : 'no machine'}; plug it first`,
      { device: device.name, parent: parent.name, machine: machine.name },
    )
  }
  const path = parent === undefined ? at : `${parent.path}/${at}`
  const siblings = parent === undefined ? machine.topDevices : parent.children
  const other = siblings.find((sibling) => sibling.path === path)
  if (other !== undefined) {
    throw new HostbridgeError(
      'machine.place-taken',
      `'${device.name}' cannot be plugged into machine '${machine.name}' at '${path}': '${other.name}' is there; ` +
        'give one of them another name or place',
      { device: device.name, machine: machine.name, path, other: other.name },
    )
  }
}

/** @throws HostbridgeError `machine.not-plugged`, for a device whose plug or unplug is under way too. */
export function checkPlugged(machine: Machine, device: Device): void {
  const siblings = device.parent === undefined ? machine.topDevices : device.parent.children
  if (device.machine === machine && siblings.includes(device)) return
  const owner = device.machine
  const where = owner === undefined ? 'plugged into nothing' : `plugged into machine '${owner.name}'`
  throw new HostbridgeError(
    'machine.not-plugged',
    `'${device.name}' cannot be unplugged from machine '${machine.name}': it is ` +
      `${owner === machine ? 'being plugged or unplugged already' : where}`,
    { device: device.name, machine: machine.name, owner: owner?.name },
  )
}
