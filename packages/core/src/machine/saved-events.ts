import { HostbridgeError } from '../errors.ts'
import type { SimEvent } from '../time/event.ts'
import type { EventQueue } from '../time/event-queue.ts'

/** Stands between names in a text of many; no name has it. */
const BETWEEN = '\n'

/** The waiting events of a machine and how often each source has scheduled, in columns: thousands cost few objects. */
export interface SavedEvents {
  /** Of each event the path of the device that owns it, nothing for one of the composer's, and its key; in their order. */
  readonly owners: string
  readonly keys: string
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
  events(): Iterable<readonly [key: string, event: SimEvent]>
}

/** @throws HostbridgeError `machine.one-off-event` for a waiting event that nobody owns. */
export function saveEvents(machine: string, queue: EventQueue, owners: Iterable<EventOwner>): SavedEvents {
  const numbers = new Map<SimEvent, number>()
  const [allPaths, allKeys]: [string[], string[]] = [[], []]
  for (const { path, events } of owners) {
    for (const [key, event] of events()) {
      if (event.slot < 0) continue
      numbers.set(event, allKeys.length)
      allPaths.push(path)
      allKeys.push(key)
    }
  }
  const pending = queue.pending()
  const count = pending.length
  const [owned, keys] = [new Array<string>(count), new Array<string>(count)]
  const [times, ranks, sequences] = [new Float64Array(count), new Int32Array(count), new Float64Array(count)]
  for (let index = 0; index < count; index++) {
    const { event, time, sequence } = pending[index] as (typeof pending)[number]
    const number = numbers.get(event)
    if (number === undefined) throw oneOff(machine, event)
    owned[index] = allPaths[number] as string
    keys[index] = allKeys[number] as string
    times[index] = time
    ranks[index] = event.rank
    sequences[index] = sequence
  }
  return { owners: owned.join(BETWEEN), keys: keys.join(BETWEEN), times, ranks, sequences, scheduled: queue.sequences }
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
  const byPath = new Map(Array.from(owners, (owner) => [owner.path, new Map(owner.events())]))
  const keys = saved.keys.split(BETWEEN)
  const events = saved.owners.split(BETWEEN).map((path, index) => {
    const key = keys[index] as string
    return byPath.get(path)?.get(key)
  })
  const now = queue.now
  const taken = new Set(events)
  const besides = queue.pending().filter(({ event }) => !taken.has(event))
  queue.reset(now, saved.scheduled)
  for (const { event, time, sequence } of besides) queue.scheduleAs(event, time, sequence)
  for (let index = 0; index < saved.times.length; index++) {
    const event = events[index]
    if (event === undefined || event.rank !== saved.ranks[index]) throw lost(machine, saved, index, event)
    queue.scheduleAs(event, saved.times[index] as number, saved.sequences[index] as number)
  }
}

function oneOff(machine: string, event: SimEvent): HostbridgeError {
  return new HostbridgeError(
    'machine.one-off-event',
    `machine '${machine}' cannot be saved while event '${event.name}' waits for ${event.time}: nothing could make it again; ` +
      'give it an owner by Device.event() or Machine.event(), or schedule it before the machine first runs',
    { machine, event: event.name, time: event.time },
  )
}

function lost(machine: string, saved: SavedEvents, index: number, event: SimEvent | undefined): HostbridgeError {
  const path = saved.owners.split(BETWEEN)[index] as string
  const key = saved.keys.split(BETWEEN)[index] as string
  const owner = path === '' ? 'the composer' : `'${path}'`
  const why = event === undefined ? 'does not have' : 'has with another priority or source'
  return new HostbridgeError(
    'machine.state',
    `machine '${machine}' cannot take the state: event '${key}' waits in it for ${saved.times[index]}, which ${owner} ${why}; ` +
      'compose the machine as it was',
    { machine, owner: path, key, time: saved.times[index] },
  )
}
