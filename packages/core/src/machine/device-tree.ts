import type { Device } from './device.ts'

/** Gives devices and all that is plugged below them: each before its children, siblings in the order of plugging. */
export function* devicesBelow(roots: Iterable<Device>): Generator<Device, void, undefined> {
  for (const device of roots) {
    yield device
    yield* devicesBelow(device.children)
  }
}
