import type { MachineState } from '../machine/machine-state.ts'
import { damaged } from './sections.ts'
import type { Snapshot } from './snapshot.ts'

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isNumber: Check = (value) => typeof value === 'number'
const isBig: Check = (value) => typeof value === 'bigint'
const isAny: Check = () => true

const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)

const either =
  (first: Check, second: Check): Check =>
  (value) =>
    first(value) || second(value)

/** Of an object with at least these fields. */
const has =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(fields).every(([name, check]) => check((value as Record<string, unknown>)[name]))

const isLog = has({ total: isNumber, entries: listOf(has({})) })

const isComposition = has({
  devices: listOf(has({ path: isText, name: isText })),
  memories: listOf(has({ name: isText, size: isBig })),
  iommus: listOf(isText),
  regions: listOf(isText),
})

const isState = has({
  machine: isText,
  now: isBig,
  devices: listOf(
    has({
      path: isText,
      state: either(has({}), (value) => value === undefined),
      raised: listOf(isText),
      faults: isLog,
    }),
  ),
  events: has({
    owners: listOf((value) => Array.isArray(value) && isText(value[0]) && isCount(value[1])),
    keys: listOf(isText),
    times: (value) => value instanceof Float64Array,
    ranks: (value) => value instanceof Int32Array,
    sequences: (value) => value instanceof Float64Array,
    scheduled: listOf(isNumber),
  }),
  fingerprint: has({ lanes: listOf(isNumber), events: isNumber }),
  guestErrors: isLog,
  unplugRequests: listOf(has({ path: isText, since: isBig })),
})

const isSnapshot = has({
  memories: listOf(has({ name: isText, size: isBig, chunks: (value) => value instanceof Map })),
  iommus: listOf(has({ name: isText, runs: (value) => value instanceof Float64Array, state: isAny })),
})

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/**
 * Checks that a snapshot is one, as far as the machine itself reads it; a device reads its own state. Costs a look at every
 * waiting event and device.
 *
 * @throws HostbridgeError `snapshot.damaged` naming the part that is crooked.
 */
export function checkShape(snapshot: Snapshot): void {
  if (!has({})(snapshot)) throw damaged('it is no snapshot: give what decodeSnapshot or takeSnapshot has made', 0)
  const { composition, state } = snapshot
  if (!isComposition(composition)) throw damaged("section 'composition' lacks parts of a composition", 0)
  if (!isState(state) || !fitTogether(state)) throw damaged("section 'state' lacks parts of a machine's state", 0)
  if (!isSnapshot(snapshot)) throw damaged('its memories or IOMMUs lack parts', 0)
  if (
    composition.memories.length !== snapshot.memories.length ||
    composition.iommus.length !== snapshot.iommus.length
  ) {
    throw damaged('it has other memories or IOMMUs than its composition', 0)
  }
}

/** Columns are of one length, and every event has an owner; every device has its place once. */
function fitTogether({ devices, events }: MachineState): boolean {
  const { owners, keys, times, ranks, sequences } = events
  const count = keys.length
  const owned = owners.reduce((sum, [, number]) => sum + number, 0)
  const places = new Set(devices.map(({ path }) => path))
  return (
    [owned, times.length, ranks.length, sequences.length].every((length) => length === count) &&
    places.size === devices.length
  )
}
