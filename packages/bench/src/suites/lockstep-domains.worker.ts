import type { Domain, DomainModel } from '@hostbridge/core/lockstep'
import { EventQueue, type SimEvent } from '@hostbridge/core/time'
import { xorshift32 } from './random.ts'

/** A domain in which one event happens each `period` ticks, or none with a period of 0. */
export function ticking(domain: Domain, period: number): DomainModel {
  const queue = new EventQueue()
  const tick: SimEvent = domain.event('tick', () => queue.schedule(tick, queue.now + period))
  if (period > 0) queue.schedule(tick, period)
  return { queue }
}

export interface PholdOptions {
  /** Tokens that start here. */
  readonly tokens: number
  /** Ticks of a window. */
  readonly lookahead: number
  /** Rounds of arithmetic of an event, see {@link work}. */
  readonly rounds: number
}

/** Of how many events one sends its token to the other domain. */
const REMOTE = 10

/**
 * One partition of PHOLD: tokens wait for a time between one and two windows, work, and wait again, now and then in the other
 * partition.
 */
export function phold(domain: Domain, { tokens, lookahead, rounds }: PholdOptions): DomainModel {
  const queue = new EventQueue()
  const channel = domain.channel('wire')
  const random = xorshift32(domain.number + 1)
  const nothing = new Uint8Array(0)
  const idle: SimEvent[] = []
  let sink = 0
  let made = 0
  const newToken = (): SimEvent => {
    const token: SimEvent = domain.event(`token ${made++}`, () => serve(token))
    return token
  }
  const serve = (token: SimEvent): void => {
    sink = work(rounds, sink)
    const drawn = random()
    const at = queue.now + lookahead + ((drawn >>> 8) % lookahead)
    if (drawn % REMOTE !== 0) {
      queue.schedule(token, at)
      return
    }
    idle.push(token)
    channel.send(0, nothing, { at })
  }
  channel.listen(0, () => serve(idle.pop() ?? newToken()))
  for (let count = 0; count < tokens; count++) queue.schedule(newToken(), random() % (2 * lookahead))
  return { queue }
}

/** Arithmetic that no compiler leaves out, each round needing the one before. */
export function work(rounds: number, seed: number): number {
  let state = seed | 1
  for (let round = 0; round < rounds; round++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
  }
  return state
}
