import { HostbridgeError } from '../errors.ts'
import type { SimEvent } from './event.ts'

export function inThePast(who: string, time: number, now: number): HostbridgeError {
  return new HostbridgeError('time.past', `${who} cannot go to ${time}: it is ${now} already`, { who, time, now })
}

export function alreadyScheduled(event: SimEvent, time: number): HostbridgeError {
  return new HostbridgeError(
    'time.scheduled',
    `event ${event.name} waits for ${event.time} already and cannot be scheduled for ${time}: use reschedule in its queue`,
    { event: event.name, time, waitsFor: event.time },
  )
}

export function skipsAnEvent(event: SimEvent, time: number): HostbridgeError {
  return new HostbridgeError(
    'time.skips',
    `the queue cannot move on to ${time}: ${event.name} waits for ${event.time}; serve it first`,
    { time, event: event.name, waitsFor: event.time },
  )
}

export function noLimit(maxAtOneInstant: number): HostbridgeError {
  const message = `a queue cannot stop after ${maxAtOneInstant} events at one instant: give 1 or more`
  return new HostbridgeError('time.limit', message, { maxAtOneInstant })
}

/** `waiting` are the events that still wait at the instant; the first eight names are shown. */
export function livelock(time: number, served: number, waiting: readonly SimEvent[]): HostbridgeError {
  const shown = [...new Set(waiting.map(({ name }) => name))].slice(0, 8)
  return new HostbridgeError(
    'time.livelock',
    `${served} events happened at ${time} and more wait for it: ${shown.join(', ')}; ` +
      'let them take time, or raise maxAtOneInstant',
    { time, served, waiting: shown },
  )
}
