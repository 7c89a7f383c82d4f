import { HostbridgeError } from '../errors.ts'
import type { PendingEvent } from '../time/event-queue.ts'
import type { FingerprintState } from '../time/fingerprint.ts'
import type { Channel } from './channel.ts'
import { Delivery } from './delivery.ts'
import type { Domain } from './domain.ts'

/** A message that is on its way. */
export interface SavedDelivery {
  readonly link: string
  readonly port: number
  readonly payload: Uint8Array
  readonly time: number
  readonly priority: number
  readonly sequence: number
}

/** A waiting event of the domain's own. */
export interface SavedEvent {
  readonly name: string
  readonly time: number
  readonly sequence: number
}

/** The state of what is built on a port. */
export interface SavedPort {
  readonly link: string
  readonly port: number
  readonly state: unknown
}

/** A domain between two windows, as plain data. */
export interface DomainState {
  readonly domain: string
  readonly now: number
  /** How often each source has scheduled, see `EventQueue.sequences`. */
  readonly sequences: readonly number[]
  readonly messages: number
  readonly deliveries: readonly SavedDelivery[]
  readonly events: readonly SavedEvent[]
  readonly ports: readonly SavedPort[]
  readonly fingerprint: FingerprintState | undefined
  readonly model: unknown
}

/**
 * Saves a domain between two windows.
 *
 * @throws HostbridgeError `lockstep.save` where the model does not save itself and an event waits that is not the domain's.
 */
export function saveDomain(domain: Domain): DomainState {
  const { queue, model } = domain
  const own = queue.pending().filter(({ event }) => domain.owns(event))
  // The model is not asked about what it does not know.
  for (const { event } of own) queue.deschedule(event)
  try {
    if (model.save === undefined && queue.size > 0) throw unsaved(domain, queue.pending()[0] as PendingEvent)
    return {
      domain: domain.name,
      now: queue.now,
      sequences: queue.sequences,
      messages: domain.messages,
      deliveries: own.flatMap((pending) => savedDelivery(domain, pending)),
      events: own.flatMap(({ event, time, sequence }) =>
        event instanceof Delivery ? [] : [{ name: event.name, time, sequence }],
      ),
      ports: domain.channels.flatMap((channel) =>
        channel.users.map(([port, user]) => ({ link: channel.place.link, port, state: user.save?.() })),
      ),
      fingerprint: queue.fingerprint?.save(),
      model: model.save?.(),
    }
  } finally {
    for (const { event, time, sequence } of own) queue.scheduleAs(event, time, sequence)
  }
}

/**
 * Brings a domain that has just been composed, or stands between two windows, to a saved state.
 *
 * @throws HostbridgeError `lockstep.restore` where it has not the events and links of the state.
 */
export function restoreDomain(domain: Domain, state: DomainState): void {
  const { queue, model } = domain
  const arrivals = state.deliveries.map((delivery) => {
    const channel = domain.channels.find(({ place }) => place.link === delivery.link)
    return { channel: channel ?? fail(domain, `no link '${delivery.link}'`), delivery }
  })
  const events = state.events.map(({ name }) => domain.eventNamed(name) ?? fail(domain, `no event '${name}'`))
  queue.reset(state.now, state.sequences)
  domain.forgetWaits()
  model.restore?.(state.model)
  domain.messages = state.messages
  for (const { link, port, state: saved } of state.ports) {
    const user = domain.channel(link).users.find(([number]) => number === port)?.[1]
    if (user === undefined) throw fail(domain, `no listener at port ${port} of link '${link}'`)
    user.restore?.(saved)
  }
  state.events.forEach(({ time, sequence }, index) => {
    queue.scheduleAs(events[index] as (typeof events)[number], time, sequence)
  })
  for (const { channel, delivery } of arrivals) channel.accept(delivery)
  if (state.fingerprint !== undefined) queue.fingerprint?.restore(state.fingerprint)
}

function savedDelivery(domain: Domain, { event, time, priority, sequence }: PendingEvent): SavedDelivery[] {
  if (!(event instanceof Delivery)) return []
  const link = (domain.channelOf(event.link) as Channel).place.link
  return [{ link, port: event.port, payload: event.payload.slice(), time, priority, sequence }]
}

function unsaved(domain: Domain, { event, time }: PendingEvent): HostbridgeError {
  const message =
    `domain '${domain.name}' cannot be saved: event '${event.name}' waits for ${time}, and its model does not save itself; ` +
    'make the event with domain.event, or give the model save and restore'
  return new HostbridgeError('lockstep.save', message, { domain: domain.name, event: event.name, time })
}

function fail(domain: Domain, lacks: string): never {
  const message = `domain '${domain.name}' cannot take the state: it has ${lacks}; compose it as the one that was saved`
  throw new HostbridgeError('lockstep.restore', message, { domain: domain.name, lacks })
}
