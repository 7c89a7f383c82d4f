import { HostbridgeError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import {
  callInput,
  type InputLog,
  type InputRecord,
  type Inputs,
  type Place,
  placeOf,
  repeatInput,
} from './input-log.ts'

/** Drives a machine from outside and writes down what was done, so that {@link replayInputs} can do it again. */
export class InputRecorder {
  readonly machine: Machine
  readonly #inputs: Inputs
  readonly #records: InputRecord[] = []

  constructor(machine: Machine, inputs: Inputs) {
    this.machine = machine
    this.#inputs = inputs
  }

  /**
   * Makes a call between two events; what the input throws passes through, and is part of the log.
   *
   * @throws HostbridgeError `input.unknown`, `input.inside`, `input.arguments`.
   */
  call(name: string, ...args: readonly unknown[]): void {
    callInput(this.machine, this.#inputs, name, args, (record) => this.#records.push(record))
  }

  /** All calls so far, with the present as the end. */
  get log(): InputLog {
    return { inputs: [...this.#records], end: placeOf(this.machine) }
  }
}

/**
 * Does to a machine, composed as the recorded one was, what a log says, each call at its place between two events, and runs to
 * its end.
 *
 * @throws HostbridgeError `input.diverged` at the first call, or the end, that finds the machine elsewhere than it was.
 */
export function replayInputs(machine: Machine, inputs: Inputs, log: InputLog): void {
  for (const [index, record] of log.inputs.entries()) {
    reach(machine, record, `input ${index} '${record.name}'`)
    repeatInput(machine, inputs, record)
  }
  reach(machine, log.end, 'the end')
}

/** Runs to a place of a log and checks that it is the same. `what` names the place. @throws HostbridgeError `input.diverged`. */
export function reach(machine: Machine, wanted: Place, what: string): void {
  const { fingerprint } = machine
  if (wanted.time >= machine.now) {
    let ended: string = 'stopped'
    while (ended === 'stopped')
      ended = machine.run({ until: wanted.time, events: wanted.events - fingerprint.events }).ended
  }
  checkPlace(machine, wanted, what)
}

/** @throws HostbridgeError `input.diverged` where the machine is elsewhere. */
export function checkPlace(machine: Machine, wanted: Place, what: string): void {
  const found = placeOf(machine)
  if (found.events === wanted.events && found.time === wanted.time && found.fingerprint === wanted.fingerprint) return
  throw new HostbridgeError(
    'input.diverged',
    `machine '${machine.name}' goes another way before ${what}: ${describe(wanted)} were recorded, and now there are ` +
      `${describe(found)}; compose it as it was, and let it depend on its inputs alone`,
    { machine: machine.name, what, wanted, found },
  )
}

function describe({ events, time, fingerprint }: Place): string {
  return `${events} events until ${time} with fingerprint ${fingerprint}`
}
