import { HostbridgeError } from '../errors.ts'
import type { Device } from '../machine/device.ts'
import type { Machine } from '../machine/machine.ts'
import type { MachineState } from '../machine/machine-state.ts'
import {
  type Composition,
  checkDevices,
  checkIommus,
  checkMemories,
  checkRegions,
  compositionOf,
} from './composition.ts'
import { iommusOf, restoreIommu, type SavedIommu, saveIommu } from './saved-iommu.ts'
import { marksOf, memoriesOf, restoreMemory, type SavedMemory, saveMemory } from './saved-memory.ts'
import { checkShape } from './snapshot-shape.ts'

/** A whole machine between two events: its composition, the contents of its memories, its devices and its waiting events. */
export interface Snapshot {
  readonly composition: Composition
  readonly memories: readonly SavedMemory[]
  /** Of IOMMUs that no device saves. */
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
   * saved tree, also where another device sits there, which is unplugged then. Without it exactly the devices of the snapshot
   * have to be there. A device is the one that was saved if it has its path and name.
   */
  readonly replug?: ((path: string, machine: Machine) => void) | undefined
}

/**
 * Takes a snapshot, not from inside an event; nothing is drained and nothing changes.
 *
 * @throws HostbridgeError as `Machine.save`: `machine.one-off-event`, `machine.state`, `machine.running`; for an IOMMU that can
 *   not be saved `snapshot.unsaved-iommu`, `snapshot.iommu-state`.
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
 * {@link RestoreOptions.replug}; memories, whose changes are marked as written; IOMMUs of nobody; devices in their stages;
 * waiting events (memory-model row 53).
 *
 * Whatever is refused, the machine is as it was then, but for what `replug` did: it is saved before, which costs a copy of
 * the memory that it has in use.
 *
 * @throws HostbridgeError `snapshot.damaged` for what is no snapshot; `snapshot.foreign` with the first difference in composition; `machine.state` as `Machine.restore`;
 *   `snapshot.half-restored`, with the reason as its cause, for a machine that could not be saved before, or cannot be brought
 *   back: it is not to be used any more.
 */
export function restoreSnapshot(machine: Machine, snapshot: Snapshot, { replug }: RestoreOptions = {}): void {
  checkShape(snapshot)
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
    bringBack(machine, before, error)
    throw error
  }
}

function bringBack(machine: Machine, before: Snapshot, cause: unknown): void {
  try {
    bring(machine, before)
  } catch (error) {
    throw halfRestored(machine, cause, error)
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

/** @param noWayBack - Why the machine cannot be as it was. */
function halfRestored(machine: Machine, cause: unknown, noWayBack: unknown): HostbridgeError {
  const [why, and] = [cause, noWayBack].map((error) => (error instanceof Error ? error.message : String(error)))
  const message = `machine '${machine.name}' is half restored and not to be used any more: ${why}; and ${and}`
  return new HostbridgeError('snapshot.half-restored', message, { machine: machine.name, noWayBack }, { cause })
}

function plugAsSaved(
  machine: Machine,
  wanted: Composition['devices'],
  replug: (path: string, machine: Machine) => void,
): void {
  const names = new Map(wanted.map(({ path, name }) => [path, name]))
  const extra = (): Device | undefined => [...machine.devices()].findLast(({ path, name }) => names.get(path) !== name)
  for (let device = extra(); device !== undefined; device = extra()) machine.unplug(device)
  const isThere = (path: string): boolean => [...machine.devices()].some((device) => device.path === path)
  for (const { path } of wanted) if (!isThere(path)) replug(path, machine)
}
