import { parse, stringify } from 'devalue'
import { HostbridgeError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'

/** What the outside may do to a machine, by name; arguments are plain data, and all that it does depends on them alone. */
export type Inputs = Readonly<Record<string, (...args: never[]) => unknown>>

/** One call from outside, at its place between two events. */
export interface InputRecord {
  /** Events that had happened. */
  readonly events: number
  /** Virtual time in ticks. */
  readonly time: bigint
  readonly name: string
  readonly args: readonly unknown[]
  /** The hash of the events that had happened. */
  readonly fingerprint: string
}

/** A run that was driven from outside: its inputs, and where it ended. */
export interface InputLog {
  readonly inputs: readonly InputRecord[]
  readonly end: Pick<InputRecord, 'events' | 'time' | 'fingerprint'>
}

// Part of every JavaScript host, though not of the language's own library.
declare function structuredClone<T>(value: T): T

/** Where a machine is, as a log has it. */
export function placeOf(machine: Machine): InputLog['end'] {
  const { fingerprint } = machine
  return { events: fingerprint.events, time: machine.now, fingerprint: fingerprint.toString() }
}

/** Makes the record of a call; arguments are copied, since the caller may change them. */
export function recordOf(machine: Machine, name: string, args: readonly unknown[]): InputRecord {
  return { ...placeOf(machine), name, args: structuredClone(args) }
}

/**
 * Makes a call by its name.
 *
 * @throws HostbridgeError `input.unknown`, or `input.inside` from inside an event: a call comes between two.
 */
export function callInput(machine: Machine, inputs: Inputs, name: string, args: readonly unknown[]): void {
  if (machine.running) {
    const message = `input '${name}' of machine '${machine.name}' comes from inside an event: make it when run() has returned`
    throw new HostbridgeError('input.inside', message, { machine: machine.name, input: name })
  }
  const input = Object.hasOwn(inputs, name) ? inputs[name] : undefined
  if (input === undefined) {
    const known = Object.keys(inputs).join(', ')
    throw new HostbridgeError(
      'input.unknown',
      `machine '${machine.name}' has no input '${name}': its inputs are [${known}]`,
      { machine: machine.name, input: name },
    )
  }
  input(...(structuredClone(args) as never[]))
}

/** A log as text, one line. */
export function formatInputLog(log: InputLog): string {
  return stringify(log)
}

/** @throws HostbridgeError `input.damaged` for what is no log. */
export function parseInputLog(text: string): InputLog {
  let log: Partial<InputLog>
  try {
    log = parse(text) as Partial<InputLog>
  } catch (cause) {
    throw new HostbridgeError('input.damaged', `this is no log of inputs: ${String(cause)}`, {}, { cause })
  }
  if (Array.isArray(log?.inputs) && typeof log.end?.time === 'bigint') return log as InputLog
  throw new HostbridgeError('input.damaged', 'this is no log of inputs: it lacks its inputs or its end', {})
}
