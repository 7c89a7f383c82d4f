import { HostbridgeError } from '../errors.ts'
import type { SimEvent } from '../time/event.ts'
import type { EventQueue } from '../time/event-queue.ts'

/** The waiting events of a machine and how often each source has scheduled, in columns: thousands cost few objects. */
export interface SavedEvents {
  /** In the order of the columns, the path of a device that owns events, nothing for the composer, and how many it owns. */
  readonly owners: readonly (readonly [path: string, count: number])[]
  readonly keys: readonly string[]
  /** Ticks. */
  readonly times: Float64Array
  /** Priority and source, as in `SimEvent.rank`. */
  readonly ranks: Int32Array
  readonly sequences: Float64Array
  /** By source. */
  readonly scheduled: readonly number[]
}

/** Who owns an event: the path of a device, or '' for the composer. */
export interface EventOwner {
  readonly path: string
  /** Is called for thousands of events: gives them one by one, without an object for each. */
  forEachEvent(visit: EventVisitor): void
}

export type EventVisitor = (event: SimEvent, key: string) => void

/**
 * Costs a look at every event that has an owner, and no sorting: their order in the columns is that of their owners.
 *
 * @throws HostbridgeError `machine.one-off-event` for a waiting event that nobody owns.
 */
export function saveEvents(machine: string, queue: EventQueue, owners: Iterable<EventOwner>): SavedEvents {
  const count = queue.size
  const [times, ranks, sequences] = [new Float64Array(count), new Int32Array(count), new Float64Array(count)]
  const counts: [path: string, count: number][] = []
  const keys: string[] = []
  /** By slot. */
  let seen = new Uint8Array(count)
  const add = (event: SimEvent, key: string): void => {
    const { slot } = event
    if (slot < 0 || event.queue !== queue) return
    if (slot >= seen.length) seen = longer(seen, slot)
    // Of two owners the first counts.
    if (seen[slot] === 1) return
    seen[slot] = 1
    const index = keys.length
    times[index] = queue.timeOf(slot)
    ranks[index] = event.rank
    sequences[index] = queue.sequenceOf(slot)
    keys.push(key)
  }
  for (const owner of owners) {
    const before = keys.length
    owner.forEachEvent(add)
    if (keys.length > before) counts.push([owner.path, keys.length - before])
  }
  if (keys.length !== count) throw oneOff(machine, queue, seen)
  return { owners: counts, keys, times, ranks, sequences, scheduled: queue.sequences }
}

/**
 * Sets the queue's time and lets exactly the saved events wait, in their old turns, besides those that devices have scheduled
 * by themselves while they were restored.
 *
 * @throws HostbridgeError `machine.state` for an event that nobody owns now, or of another priority or source.
 */
export function restoreEvents(
  machine: string,
  queue: EventQueue,
  owners: Iterable<EventOwner>,
  saved: SavedEvents,
): void {
  const found = new Map<string, Map<string, SimEvent>>()
  for (const owner of owners) {
    const own = new Map<string, SimEvent>()
    owner.forEachEvent((event, key) => own.set(key, event))
    found.set(owner.path, own)
  }
  const events = ownersOf(saved).map((path, index) => found.get(path)?.get(saved.keys[index] as string))
  const now = queue.now
  const taken = new Set(events)
  const besides = queue.pending().filter(({ event }) => !taken.has(event))
  queue.reset(now, saved.scheduled)
  for (const { event, time, sequence } of besides) queue.scheduleAs(event, time, sequence)
  for (const index of inOrder(saved)) {
    const event = events[index]
    if (event === undefined || event.rank !== saved.ranks[index]) throw lost(machine, saved, index, event)
    queue.scheduleAs(event, saved.times[index] as number, saved.sequences[index] as number)
  }
}

/** The owner of each event. */
function ownersOf({ owners }: SavedEvents): string[] {
  return owners.flatMap(([path, count]) => new Array<string>(count).fill(path))
}

/** The numbers of the saved events in the order in which they are to happen: queues take them best so. */
function inOrder({ times, sequences }: SavedEvents): Uint32Array {
  const numberAt = (column: Float64Array, index: number): number => column[index] as number
  return Uint32Array.from(times, (_, index) => index).sort(
    (a, b) => numberAt(times, a) - numberAt(times, b) || numberAt(sequences, a) - numberAt(sequences, b),
  )
}

/** As `bytes`, with room behind byte `index`. */
function longer(bytes: Uint8Array<ArrayBuffer>, index: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(2 * (index + 1))
  all.set(bytes)
  return all
}

function oneOff(machine: string, queue: EventQueue, owned: Uint8Array): HostbridgeError {
  const { event } = queue.pending().find(({ event: { slot } }) => owned[slot] !== 1) as { event: SimEvent }
  return new HostbridgeError(
    'machine.one-off-event',
    `machine '${machine}' cannot be saved while event '${event.name}' waits for ${event.time}: nothing could make it again; ` +
      'give it an owner by Device.event() or Machine.event(), or schedule it before the machine first runs',
    { machine, event: event.name, time: event.time },
  )
}

function lost(machine: string, saved: SavedEvents, index: number, event: SimEvent | undefined): HostbridgeError {
  const path = ownersOf(saved)[index] as string
  const key = saved.keys[index] as string
  const owner = path === '' ? 'the composer' : `'${path}'`
  const why = event === undefined ? 'does not have' : 'has with another priority or source'
  return new HostbridgeError(
    'machine.state',
    `machine '${machine}' cannot take the state: event '${key}' waits in it for ${saved.times[index]}, which ${owner} ${why}; ` +
      'compose the machine as it was',
    { machine, owner: path, key, time: saved.times[index] },
  )
}
