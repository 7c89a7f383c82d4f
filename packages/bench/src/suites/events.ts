import { EventQueue, SimEvent } from '@hostbridge/core/time'
import { systemcBaseline } from './baseline.ts'
import type { BenchCase, Suite } from './bench-case.ts'
import { xorshift32 } from './random.ts'

/** Events that one sample serves. */
const SERVED = 100_000

/** Drawn delays, as the baseline has them: a table that is read round and round. */
const DELAYS = 65_536

/** Mean delay in ticks. */
const MEAN = 1e6

/** The event queue: `hold/N` serves events that schedule themselves again after an exponential delay, N waiting at a time. */
export const eventsSuite: Suite = {
  name: 'events',
  cases: () => ['hold/1000'],
  open: (name) => {
    const pending = /^hold\/([1-9]\d{0,6})$/.exec(name)?.[1]
    return pending === undefined ? undefined : hold(Number(pending))
  },
  beside: async (cases, quick, signal) => {
    const waiting = cases.flatMap((name) => (name.startsWith('hold/') ? [Number(name.slice('hold/'.length))] : []))
    return systemcBaseline(quick ? waiting.slice(0, 1) : waiting, signal)
  },
}

function hold(pending: number): BenchCase {
  const delays = exponentialDelays()
  const queue = new EventQueue()
  let next = 0
  let served = 0
  const delay = (): number => delays[next++ & (DELAYS - 1)] as number
  for (let index = 0; index < pending; index++) {
    const event: SimEvent = new SimEvent(() => {
      served++
      queue.schedule(event, queue.now + delay())
    })
    queue.schedule(event, delay())
  }
  return {
    unit: 'event',
    units: SERVED,
    clock: 'cpu',
    run() {
      served = 0
      for (let count = 0; count < SERVED; count++) queue.serviceOne()
    },
    check() {
      if (queue.size !== pending || served !== SERVED) throw new Error('events were lost')
    },
    facts: (ns) => ({ eventsPerSecond: Math.round(1e9 / ns) }),
  }
}

function exponentialDelays(): Float64Array {
  const random = xorshift32(2463534242)
  return Float64Array.from({ length: DELAYS }, () => Math.floor(-MEAN * Math.log(1 - random() / 2 ** 32)) + 1)
}
