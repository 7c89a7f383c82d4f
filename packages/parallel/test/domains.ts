import { threadId } from 'node:worker_threads'
import type { Domain, DomainModel } from '@hostbridge/core/lockstep'
import { EventQueue, Fingerprint, SimEvent } from '@hostbridge/core/time'

/** What the test's domains are told; each does one thing wrong if it is asked to. */
export interface Args {
  readonly seed: number
  /** Events that happen here before it is quiet. */
  readonly events: number
  /** At its fifth event it does this. */
  readonly mishap?: 'throw' | 'exit' | 'memory' | 'early' | 'stop' | 'sleep' | 'hang' | 'loop'
  /** At its fifth event, before that, it writes 1 here and behind it the id of the thread that it is on. */
  readonly reached?: Int32Array<SharedArrayBuffer>
  /** Before it does what is wrong, it waits until another has written that here. */
  readonly after?: Int32Array<SharedArrayBuffer>
  /** Bytes of each message, from 0; more than the ring has room for in one window where it is small. */
  readonly bytes?: number
  readonly burst?: number
}

const text = new TextEncoder()

/**
 * A domain that schedules its own events and sends messages at times and priorities drawn from its seed and from what it
 * has received: any difference in the order of events changes all that follows.
 */
export default function gossip(domain: Domain, args: Args): DomainModel {
  const queue = new EventQueue({ fingerprint: new Fingerprint() })
  const { events, mishap, reached, after, bytes = 24, burst = 1 } = args
  const state = { random: args.seed, done: 0 }
  const draw = (bound: number): number => {
    state.random = Math.imul(state.random ^ (state.random >>> 15), 0x2c1b3c6d) + 1
    return (state.random >>> 0) % bound
  }
  const mixIn = (payload: Uint8Array): void => {
    for (const byte of payload) state.random = Math.imul(state.random ^ byte, 0x01000193)
  }
  const timers = [0, 1, 2].map((number) =>
    domain.event(`timer ${number}`, () => {
      state.done++
      if (state.done === 5 && reached !== undefined) {
        reached[1] = threadId
        Atomics.store(reached, 0, 1)
        Atomics.notify(reached, 0)
      }
      if (state.done === 5 && after !== undefined) Atomics.wait(after, 0, 0)
      if (state.done === 5 && mishap !== undefined) happen(mishap, domain)
      if (state.done > events) return
      for (let count = 0; count < burst; count++) {
        const channel = domain.channels[draw(domain.channels.length)]
        const payload = text.encode(`${domain.name} ${state.done} ${count}`.padEnd(draw(bytes + 1), '.'))
        channel?.send(0, payload, { at: queue.now + channel.place.latency + draw(4) * 5, priority: draw(3) - 1 })
      }
      queue.schedule(timers[number] as never, queue.now + draw(40))
    }),
  )
  for (const timer of timers) queue.schedule(timer, draw(20))
  for (const channel of domain.channels) channel.listen(0, ({ payload }) => mixIn(payload))
  return { queue, save: () => ({ ...state }), restore: (saved) => restore(saved as typeof state) }

  function restore(saved: typeof state): void {
    Object.assign(state, saved)
  }
}

/** A domain in which nothing happens and somebody waits. */
export function waiting(domain: Domain, [who, whom]: readonly [who: string, whom: string]): DomainModel {
  domain.waitFor(who, whom, 'a message that nobody sends')
  return { queue: new EventQueue() }
}

/** A domain that changes what it is given, and ends the run with what it has found. */
export function greedy(domain: Domain, args: { left: number }): DomainModel {
  const queue = new EventQueue()
  const found = args.left--
  const event = domain.event('end', () => domain.stop(`${found}`))
  queue.schedule(event, domain.number)
  return { queue }
}

/** A domain with an event at an instant, which nobody could make again. */
export function forgetful(_domain: Domain, time: number): DomainModel {
  const queue = new EventQueue({ fingerprint: new Fingerprint() })
  queue.schedule(new SimEvent(() => {}, { name: 'one-off' }), time)
  return { queue }
}

/** A domain whose thread ends while it composes it. */
export function leaving(): DomainModel {
  process.exit(3)
}

/** A domain whose thread ends while it is saved. */
export function leavingWhenSaved(): DomainModel {
  return { queue: new EventQueue(), save: () => process.exit(3) }
}

/** A domain that never comes to the end of being composed. */
export function endless(): DomainModel {
  for (;;);
}

export function failing(): DomainModel {
  throw new Error('no power')
}

export const notAFunction = 1

function happen(mishap: NonNullable<Args['mishap']>, domain: Domain): void {
  const nobody = new Int32Array(new SharedArrayBuffer(4))
  switch (mishap) {
    case 'throw':
      throw new Error('a mistake of the model')
    case 'exit':
      process.exit(7)
      break
    case 'memory': {
      const kept: unknown[] = []
      for (;;) kept.push(new Array(1e5).fill(kept.length))
    }
    case 'early': {
      const [channel] = domain.channels
      channel?.send(0, new Uint8Array(0), { at: domain.queue.now + channel.place.latency - 1 })
      break
    }
    case 'stop':
      domain.stop('enough')
      break
    case 'sleep':
      Atomics.wait(nobody, 0, 0, 100)
      break
    case 'hang':
      Atomics.wait(nobody, 0, 0)
      break
    case 'loop':
      for (;;);
  }
}

/** A domain with one event each second. */
export function sleepy(domain: Domain, events: number): DomainModel {
  const queue = new EventQueue({ fingerprint: new Fingerprint() })
  let done = 0
  const event = domain.event('second', () => {
    if (++done < events) queue.schedule(event, done * 1e9)
  })
  queue.schedule(event, 0)
  return { queue }
}

export function nothing(): void {}

/** A domain that fails at an instant. */
export function failingAt(domain: Domain, time: number): DomainModel {
  const queue = new EventQueue()
  const event = domain.event('failure', () => happen('throw', domain))
  queue.schedule(event, time)
  return { queue }
}
