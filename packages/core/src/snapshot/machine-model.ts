import type { Machine } from '../machine/machine.ts'
import type { WaitList } from '../machine/wait-list.ts'
import type { EventQueue } from '../time/event-queue.ts'
import { restoreSnapshot, takeSnapshot } from './snapshot.ts'
import { decodeSnapshot, encodeSnapshot } from './snapshot-file.ts'

/** A machine as what lives in a domain of a lockstep run, see `DomainModel`. */
export interface MachineModel {
  readonly queue: EventQueue
  save(): unknown
  restore(state: unknown): void
  stopCause(): string | undefined
  clearStop(): void
  readonly waits: WaitList
}

/**
 * Gives a machine that is composed to a domain, which runs it from now on and saves all of it, its memories too, as a file that
 * {@link decodeSnapshot} reads. `Machine.stop` ends the run of all domains with the window; its waits are told in theirs.
 */
export function machineModel(machine: Machine): MachineModel {
  /** Whoever runs its events one by one has it run all the time (DL-10). */
  const begin = (): void => {
    machine.run({ events: 0 })
    machine.memory.dirtyLog.tracking.setRunning(true)
  }
  // What is scheduled from now on is no part of composing it.
  begin()
  return {
    queue: machine.queue,
    save: () => encodeSnapshot(takeSnapshot(machine)),
    restore: (state) => restoreSnapshot(machine, decodeSnapshot(state as Uint8Array)),
    stopCause: () => machine.stopCause,
    clearStop: begin,
    waits: machine.waits,
  }
}
