import { HostbridgeError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { RunOptions, RunResult } from '../machine/run-loop.ts'
import { Fingerprint } from '../time/fingerprint.ts'
import { tickOf } from '../time/tick.ts'
import {
  callInput,
  type InputLog,
  type InputRecord,
  type Inputs,
  type Place,
  placeOf,
  repeatInput,
} from './input-log.ts'
import { checkPlace, reach } from './input-replay.ts'
import { type RestoreOptions, restoreSnapshot, takeSnapshot } from './snapshot.ts'
import { type ShelvedSnapshot, SnapshotShelf } from './snapshot-shelf.ts'

/** A machine and what belongs to it outside. */
export interface Composed extends RestoreOptions {
  readonly machine: Machine
  readonly inputs?: Inputs
}

export interface TimeTravelOptions {
  /** Composes the machine, the same every time. */
  readonly build: () => Composed
  /** Events from one snapshot to the next; 10,000 unless told, `Infinity` for none. */
  readonly every?: number
  /** Snapshots that are kept at most, 1 or more; 24 unless told. */
  readonly keep?: number
}

/**
 * Runs a machine that can be brought back to any earlier place: by the nearest snapshot, and from there by running again with the
 * same inputs.
 *
 * Going back composes the machine anew: {@link machine} is another object then. Inputs that come later are made again when it
 * runs on, until another is made in their stead.
 */
export class TimeTravel {
  readonly #options: TimeTravelOptions
  readonly #every: number
  readonly #shelf: SnapshotShelf
  #records: InputRecord[] = []
  /** How many of the records have been made in the present machine. */
  #made = 0
  #composed: Composed
  #unsaved: HostbridgeError | undefined

  /** @throws HostbridgeError `time-travel.options`. */
  constructor(options: TimeTravelOptions) {
    const { every = 10_000, keep = 24 } = options
    if (!(isCount(every) || every === Number.POSITIVE_INFINITY) || !isCount(keep)) {
      const message = `time travel cannot take a snapshot every ${every} events and keep ${keep}: both are whole numbers from 1 on`
      throw new HostbridgeError('time-travel.options', message, { every, keep })
    }
    this.#options = options
    this.#every = every
    this.#shelf = new SnapshotShelf(keep)
    this.#composed = options.build()
  }

  get machine(): Machine {
    return this.#composed.machine
  }

  /** Ascending by place. */
  get snapshots(): readonly ShelvedSnapshot[] {
    return this.#shelf.all
  }

  /** Why the last snapshot that was due could not be taken, so that going back takes longer; it is tried again later. */
  get unsaved(): HostbridgeError | undefined {
    return this.#unsaved
  }

  /** The inputs up to the present, for `replayInputs`. */
  get log(): InputLog {
    return { inputs: this.#records.slice(0, this.#made), end: placeOf(this.machine) }
  }

  /** Makes an input between two events; those that were to come are forgotten. Throws as `InputRecorder.call`. */
  call(name: string, ...args: readonly unknown[]): void {
    callInput(this.machine, this.#composed.inputs ?? {}, name, args, (record) => {
      this.#records = [...this.#records.slice(0, this.#made), record]
      this.#made++
      this.#shelf.forget(({ events, inputs }) => events > record.events || inputs >= this.#made)
    })
  }

  /**
   * Runs on, as `Machine.run` does, with the inputs that are still to come.
   *
   * @throws HostbridgeError `input.diverged` where it comes to an input or a snapshot and is elsewhere than it was: the machine
   *   depends on more than its inputs.
   */
  run({ until, events = Number.POSITIVE_INFINITY }: RunOptions = {}): RunResult {
    const { machine } = this
    const first = machine.fingerprint.events
    for (;;) {
      this.#makeInputs(until)
      const happened = machine.fingerprint.events - first
      const due = Math.min(events - happened, this.#nextStop() - machine.fingerprint.events)
      const next = this.#records[this.#made]
      const waitsForInput = next !== undefined && (until === undefined || next.time <= until)
      const result = machine.run({ ...optional(waitsForInput ? next.time : until), events: due })
      this.#saveIfDue()
      const isPast = waitsForInput && result.ended === 'until' && machine.fingerprint.events < next.events
      if (isPast) checkPlace(machine, next, `input ${this.#made} '${next.name}'`)
      const all = machine.fingerprint.events - first
      const goesOn = result.ended === 'events' || (waitsForInput && result.ended === 'until')
      if (!goesOn || all >= events) return { ...result, events: all }
    }
  }

  /**
   * Goes back to an instant: what was due at it has happened, nothing later has.
   *
   * @throws HostbridgeError `time-travel.future`, `time.tick`; as {@link run}.
   */
  reverseTo(time: bigint): Machine {
    tickOf(time)
    if (time > this.machine.now) throw future(`to ${time}`, `it is ${this.machine.now}`)
    this.#goBack((entry) => entry.time <= time)
    while (this.run({ until: time }).ended === 'stopped') {
      // What stopped it then stops it again.
    }
    return this.machine
  }

  /** Goes back by a number of events; inputs made since are still to come. Throws as {@link reverseTo}. */
  reverseBy(events: number): Machine {
    const wanted = this.machine.fingerprint.events - events
    if (!Number.isInteger(events) || events < 0 || wanted < 0)
      throw future(`by ${events} events`, `${this.machine.fingerprint.events} have happened`)
    this.#goBack((entry) => entry.events <= wanted && (this.#records[entry.inputs - 1]?.events ?? -1) < wanted)
    for (let left = this.#eventsTo(wanted); left > 0; left = this.#eventsTo(wanted)) {
      if (this.run({ events: left }).events === 0) throw endsEarly(this.machine, wanted)
    }
    return this.machine
  }

  /** Starts from the latest usable snapshot of those that `isBefore` tells, or from the beginning. */
  #goBack(isBefore: (entry: ShelvedSnapshot) => boolean): void {
    for (const { snapshot, inputs } of this.#shelf.all.filter(isBefore).reverse()) {
      const composed = this.#options.build()
      try {
        restoreSnapshot(composed.machine, snapshot, composed)
      } catch (error) {
        // Of a composition that cannot be made again: an earlier one, or the beginning, serves as well.
        if (error instanceof HostbridgeError) continue
        throw error
      }
      this.#composed = composed
      this.#made = inputs
      return
    }
    this.#composed = this.#options.build()
    this.#made = 0
  }

  /** Makes the inputs whose place is the present one. */
  #makeInputs(until: bigint | undefined): void {
    const { machine } = this
    for (let next = this.#records[this.#made]; next !== undefined; next = this.#records[this.#made]) {
      if (next.events > machine.fingerprint.events || (until !== undefined && next.time > until)) return
      reach(machine, next, `input ${this.#made} '${next.name}'`)
      this.#made++
      repeatInput(machine, this.#composed.inputs ?? {}, next)
    }
  }

  /** Where the machine has to be to have come to a snapshot; how far behind the last event it was taken does not matter. */
  #placeOf({ events, snapshot }: ShelvedSnapshot): Place {
    const fingerprint = new Fingerprint()
    fingerprint.restore(snapshot.state.fingerprint)
    return { events, time: this.machine.now, fingerprint: fingerprint.toString() }
  }

  #eventsTo(wanted: number): number {
    return wanted - this.machine.fingerprint.events
  }

  /** Events until somebody wants to do something between two: an input that is to come, or a snapshot. */
  #nextStop(): number {
    const now = this.machine.fingerprint.events
    const nextSnapshot = (Math.floor(now / this.#every) + 1) * this.#every
    return Math.min(nextSnapshot, this.#records[this.#made]?.events ?? Number.POSITIVE_INFINITY)
  }

  #saveIfDue(): void {
    const { events } = this.machine.fingerprint
    const last = this.#shelf.all.at(-1)
    if (events === 0 || events % this.#every !== 0) return
    const known = this.#shelf.all.find((entry) => entry.events === events)
    if (known !== undefined) checkPlace(this.machine, this.#placeOf(known), 'a snapshot')
    if (events <= (last?.events ?? 0)) return
    try {
      const snapshot = takeSnapshot(this.machine, { like: last?.snapshot })
      this.#shelf.add({ events, inputs: this.#made, time: this.machine.now, snapshot })
      this.#unsaved = undefined
    } catch (error) {
      if (!(error instanceof HostbridgeError)) throw error
      this.#unsaved = error
    }
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1
}

function endsEarly({ name, fingerprint: { events } }: Machine, wanted: number): HostbridgeError {
  const message = `machine '${name}' goes another way: nothing waits after ${events} events, where ${wanted} have happened; let it depend on its inputs alone`
  return new HostbridgeError('input.diverged', message, { machine: name, events, wanted })
}

function optional(until: bigint | undefined): RunOptions {
  return until === undefined ? {} : { until }
}

function future(where: string, present: string): HostbridgeError {
  const message = `going back ${where} would lead beyond what has happened (${present}): run on instead`
  return new HostbridgeError('time-travel.future', message, {})
}
