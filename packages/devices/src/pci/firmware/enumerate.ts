import { type AssignedBars, type AssignOptions, assignBars, type FirmwareWindows } from './assign-bars.ts'
import type { ConfigAccess } from './config-access.ts'
import { type FindOptions, findFunctions } from './find-functions.ts'
import { type FoundBus, type FoundFunction, functionsOf } from './found.ts'

export interface EnumerateOptions extends FindOptions, AssignOptions {
  /** Where BARs may lie, on the bus. */
  readonly windows: FirmwareWindows
}

/** What firmware leaves for an operating system. */
export interface Enumeration {
  readonly bus: FoundBus
  /** All functions, each bridge before what is behind it. */
  readonly functions: readonly FoundFunction[]
  readonly bars: AssignedBars
}

/**
 * Does what firmware does with a bus, over configuration accesses alone: finds the functions, numbers the buses, sizes and
 * assigns BARs, opens bridges, and switches everything on.
 *
 * @throws HostbridgeError `pci.bus-numbers`, `pci.bar-space`.
 */
export function enumerate(access: ConfigAccess, options: EnumerateOptions): Enumeration {
  const bus = findFunctions(access, options)
  const bars = assignBars(access, bus, options.windows, options)
  return { bus, functions: [...functionsOf(bus)], bars }
}
