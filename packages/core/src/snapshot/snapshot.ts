import { HostbridgeError } from '../errors.ts'
import type { Device } from '../machine/device.ts'
import type { Machine } from '../machine/machine.ts'
import type { MachineState } from '../machine/machine-state.ts'
import { type Composition, checkIommus, checkMemories, checkRegions, compositionOf, foreign } from './composition.ts'
import { iommusOf, restoreIommu, type SavedIommu, saveIommu } from './saved-iommu.ts'
import { marksOf, memoriesOf, restoreMemory, type SavedMemory, saveMemory } from './saved-memory.ts'

/** A whole machine between two events: its composition, the contents of its memories, its devices and its waiting events. */
export interface Snapshot {
  readonly composition: Composition
  readonly memories: readonly SavedMemory[]
  /** Of page-table IOMMUs that no device need own. */
  readonly iommus: readonly SavedIommu[]
  readonly state: MachineState
}

export interface TakeOptions {
  /** An earlier snapshot of the machine: chunks of memory that have not changed since are shared with it. */
  readonly like?: Snapshot | undefined
}

export interface RestoreOptions {
  /**
   * Plugs the device that sat at a path, in a machine whose composer plugs it only while it runs; called in the order of the
   * saved tree. Without it the devices have to be there, as have all that the snapshot has not.
   */
  readonly replug?: ((path: string, machine: Machine) => void) | undefined
}

/**
 * Takes a snapshot, not from inside an event; nothing is drained and nothing changes.
 *
 * @throws HostbridgeError as `Machine.save`: `machine.one-off-event`, `machine.state`, `machine.running`.
 */
export function takeSnapshot(machine: Machine, { like }: TakeOptions = {}): Snapshot {
  const state = machine.save()
  const memories = Array.from(memoriesOf(machine), ([name, memory], index) => {
    const before = like?.memories[index]
    return saveMemory(name, memory, before?.name === name ? before : undefined)
  })
  const iommus = Array.from(iommusOf(machine), ([name, iommu]) => saveIommu(name, iommu))
  return { composition: compositionOf(machine), memories, iommus, state }
}

/**
 * Brings a machine of the same composition to where a snapshot was taken; it then runs as if it had never stopped.
 *
 * In this order: devices that the snapshot has not are unplugged and those that lack are plugged by
 * {@link RestoreOptions.replug}; memories, whose changes are marked as written; page-table IOMMUs; devices in their stages;
 * waiting events (memory-model row 53).
 *
 * Whatever is refused, the machine is as it was then, but for what `replug` did: it is saved before, which costs a copy of
 * the memory that it has in use.
 *
 * @throws HostbridgeError `snapshot.foreign` with the first difference in composition; `machine.state` as `Machine.restore`;
 *   `snapshot.half-restored`, with the reason as its cause, for a machine that could not be saved before: it is not to be used any more.
 */
export function restoreSnapshot(machine: Machine, snapshot: Snapshot, { replug }: RestoreOptions = {}): void {
  const { composition } = snapshot
  if (replug !== undefined) plugAsSaved(machine, composition.devices, replug)
  checkDevices(machine, composition.devices)
  checkMemories(machine, composition.memories)
  checkIommus(machine, composition.iommus)
  const before = savedBefore(machine, snapshot)
  try {
    bring(machine, snapshot)
    checkRegions(machine, composition.regions)
  } catch (error) {
    if (before instanceof HostbridgeError) throw halfRestored(machine, error, before)
    bring(machine, before)
    throw error
  }
}

function bring(machine: Machine, { memories, iommus, state }: Snapshot): void {
  for (const [index, memory] of [...memoriesOf(machine).values()].entries()) {
    restoreMemory(memory, memories[index] as SavedMemory, marksOf(machine, memory))
  }
  for (const [index, iommu] of [...iommusOf(machine).values()].entries()) {
    restoreIommu(iommu, iommus[index] as SavedIommu)
  }
  machine.restore(state)
}

/** What to go back to, or why there is nothing. Not from inside an event. */
function savedBefore(machine: Machine, like: Snapshot): Snapshot | HostbridgeError {
  try {
    return takeSnapshot(machine, { like })
  } catch (error) {
    if (error instanceof HostbridgeError && !machine.running) return error
    throw error
  }
}

function halfRestored(machine: Machine, cause: unknown, unsaved: HostbridgeError): HostbridgeError {
  const why = cause instanceof Error ? cause.message : String(cause)
  const message = `machine '${machine.name}' is half restored and not to be used any more: ${why}; and ${unsaved.message}`
  return new HostbridgeError('snapshot.half-restored', message, { machine: machine.name, unsaved }, { cause })
}

function plugAsSaved(
  machine: Machine,
  wanted: readonly string[],
  replug: (path: string, machine: Machine) => void,
): void {
  const paths = new Set(wanted)
  const extra = (): Device | undefined => [...machine.devices()].findLast(({ path }) => !paths.has(path))
  for (let device = extra(); device !== undefined; device = extra()) machine.unplug(device)
  const isThere = (path: string): boolean => [...machine.devices()].some((device) => device.path === path)
  for (const path of wanted) if (!isThere(path)) replug(path, machine)
}

function checkDevices(machine: Machine, wanted: readonly string[]): void {
  const found = new Set(Array.from(machine.devices(), ({ path }) => path))
  const missing = wanted.find((path) => !found.has(path))
  const extra = [...found].find((path) => !wanted.includes(path))
  if (missing !== undefined) throw foreign(machine, `a device at '${missing}'`, 'missing', 'plugged')
  if (extra !== undefined) throw foreign(machine, `a device at '${extra}'`, 'plugged', 'missing')
}
