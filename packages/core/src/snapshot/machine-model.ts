import type { Machine } from '../machine/machine.ts'
import type { EventQueue } from '../time/event-queue.ts'
import { restoreSnapshot, takeSnapshot } from './snapshot.ts'

/** A machine as what lives in a domain of a lockstep run, see `DomainModel`. */
export interface MachineModel {
  readonly queue: EventQueue
  save(): unknown
  restore(state: unknown): void
}

/** Gives a machine that is composed to a domain, which runs it from now on and saves all of it, its memories too. */
export function machineModel(machine: Machine): MachineModel {
  // What is scheduled from now on is no part of composing it.
  machine.run({ events: 0 })
  return {
    queue: machine.queue,
    save: () => takeSnapshot(machine),
    restore: (state) => restoreSnapshot(machine, state as ReturnType<typeof takeSnapshot>),
  }
}
