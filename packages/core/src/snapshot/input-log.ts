import { parse, stringify } from 'devalue'
import { strToU8 } from 'fflate'
import { HostbridgeError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { crc32 } from './crc32.ts'

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
  /** What it threw, if it did: what it had done by then stays done. */
  readonly threw?: string
}

/** A run that was driven from outside: its inputs, and where it ended. */
export interface InputLog {
  readonly inputs: readonly InputRecord[]
  readonly end: Place
}

export type Place = Pick<InputRecord, 'events' | 'time' | 'fingerprint'>

// Part of every JavaScript host, though not of the language's own library.
declare function structuredClone<T>(value: T): T

/** Where a machine is, as a log has it. */
export function placeOf(machine: Machine): Place {
  const { fingerprint } = machine
  return { events: fingerprint.events, time: machine.now, fingerprint: fingerprint.toString() }
}

/**
 * Makes a call by its name and gives its record to `keep`, also where the input throws, which passes through.
 *
 * @throws HostbridgeError `input.unknown`; `input.arguments` for what is no plain data; `input.inside` from inside an event: a
 *   call comes between two.
 */
export function callInput(
  machine: Machine,
  inputs: Inputs,
  name: string,
  args: readonly unknown[],
  keep: (record: InputRecord) => void,
): void {
  const input = inputOf(machine, inputs, name)
  // The caller may change the arguments afterwards, and the input what it is given.
  const record = { ...placeOf(machine), name, args: copyOf(name, args) }
  try {
    input(...(structuredClone(args) as never[]))
  } catch (error) {
    keep({ ...record, threw: String(error) })
    throw error
  }
  keep(record)
}

/** Makes a call again; what it threw then it may throw now. @throws HostbridgeError `input.unknown`, `input.diverged`. */
export function repeatInput(machine: Machine, inputs: Inputs, { name, args, threw }: InputRecord): void {
  const input = inputOf(machine, inputs, name)
  let thrown: string | undefined
  try {
    input(...(structuredClone(args) as never[]))
  } catch (error) {
    if (threw === undefined) throw error
    thrown = String(error)
  }
  if (thrown === threw) return
  const message = `input '${name}' of machine '${machine.name}' threw ${threw} and now ${thrown ?? 'nothing'}: compose it as it was`
  throw new HostbridgeError('input.diverged', message, { machine: machine.name, input: name, threw, thrown })
}

function inputOf(machine: Machine, inputs: Inputs, name: string): (...args: never[]) => unknown {
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
  return input
}

function copyOf(name: string, args: readonly unknown[]): readonly unknown[] {
  try {
    return structuredClone(args)
  } catch (cause) {
    throw notPlain(`input '${name}'`, cause)
  }
}

function notPlain(what: string, cause: unknown): HostbridgeError {
  const message = `the arguments of ${what} cannot be written down (${String(cause)}): give it plain data`
  return new HostbridgeError('input.arguments', message, {}, { cause })
}

/** A log as text, one line that begins with its checksum. @throws HostbridgeError `input.arguments`. */
export function formatInputLog(log: InputLog): string {
  try {
    const text = stringify(log)
    return `${checksum(text)} ${text}`
  } catch (cause) {
    throw notPlain('an input', cause)
  }
}

function checksum(text: string): string {
  return crc32(strToU8(text)).toString(16).padStart(8, '0')
}

/** @throws HostbridgeError `input.damaged` for what is no log. */
export function parseInputLog(text: string): InputLog {
  let log: Partial<InputLog>
  const begin = text.indexOf(' ') + 1
  if (begin === 0 || text.slice(0, begin - 1) !== checksum(text.slice(begin).trimEnd())) {
    throw new HostbridgeError(
      'input.damaged',
      'this is no log of inputs: it does not match its checksum; record it anew',
      {},
    )
  }
  try {
    log = parse(text.slice(begin)) as Partial<InputLog>
  } catch (cause) {
    throw new HostbridgeError('input.damaged', `this is no log of inputs: ${String(cause)}`, {}, { cause })
  }
  if (Array.isArray(log?.inputs) && typeof log.end?.time === 'bigint') return log as InputLog
  throw new HostbridgeError('input.damaged', 'this is no log of inputs: it lacks its inputs or its end', {})
}
