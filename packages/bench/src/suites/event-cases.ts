import { EventQueue, Fingerprint, SimEvent } from '@hostbridge/core/time'
import type { BenchCase } from './bench-case.ts'
import { EventHeap } from './event-heap.ts'
import { xorshift32 } from './random.ts'

/** Drawn delays, as the baseline has them: a table that is read round and round. */
const DELAYS = 65_536

/** Mean delay in ticks. */
const MEAN = 1e6

/** Timers that one firing sets anew in `churn`. */
const RESET = 9

type Case = Omit<BenchCase, 'clock'>

/**
 * Serves events that schedule themselves again after an exponential delay, `pending` waiting at a time. One function serves all
 * of them, as in the baseline one method is that of all modules.
 */
export function hold(pending: number): Case {
  return holdOf(pending, (queue, delay, onServed) => {
    const again = (event: SimEvent): void => {
      onServed()
      queue.schedule(event, queue.now + delay())
    }
    return () => new SimEvent(again)
  })
}

/** As `hold`, with a function of its own for each event: as many more objects are met at random. */
export function holdClosures(pending: number): Case {
  return holdOf(pending, (queue, delay, onServed) => () => {
    const event: SimEvent = new SimEvent(() => {
      onServed()
      queue.schedule(event, queue.now + delay())
    })
    return event
  })
}

type EventMaker = (queue: EventQueue, delay: () => number, onServed: () => void) => () => SimEvent

function holdOf(pending: number, make: EventMaker): Case {
  const units = Math.max(20_000, pending)
  const delay = exponentialDelays()
  const queue = new EventQueue()
  let served = 0
  const makeEvent = make(queue, delay, () => served++)
  for (let index = 0; index < pending; index++) queue.schedule(makeEvent(), delay())
  return {
    unit: 'event',
    units,
    run() {
      served = 0
      for (let count = 0; count < units; count++) queue.serviceOne()
    },
    check() {
      if (queue.size !== pending || served !== units) throw new Error('events were lost')
    },
    facts: (ns) => ({ eventsPerSecond: Math.round(1e9 / ns) }),
  }
}

/** As `hold`, on a 4-ary heap with handles in place of the ladder, without events: what the ladder has to beat. */
export function holdHeap(pending: number): Case {
  const units = Math.max(20_000, pending)
  const delay = exponentialDelays()
  const heap = new EventHeap()
  let sequence = 0
  for (; sequence < pending; sequence++) heap.insert(delay(), 0, sequence)
  return {
    unit: 'event',
    units,
    run() {
      for (let count = 0; count < units; count++) {
        const now = heap.earliest
        heap.takeFirst()
        heap.insert(now + delay(), 0, sequence++)
      }
    },
    check() {
      if (heap.size !== pending) throw new Error('events were lost')
    },
  }
}

/** Every firing sets nine timers drawn at random anew, and itself; the time is per setting. */
export function churn(pending: number): Case {
  const fires = 2_000
  const delay = exponentialDelays()
  const random = xorshift32(2463534242)
  const scale = pending / 2 ** 32
  const queue = new EventQueue()
  const timers: SimEvent[] = []
  let fired = 0
  const fire = (event: SimEvent): void => {
    fired++
    for (let turn = 0; turn < RESET; turn++) {
      const other = timers[(random() * scale) | 0] as SimEvent
      if (other !== event) queue.reschedule(other, queue.now + delay())
    }
    queue.schedule(event, queue.now + delay())
  }
  for (let index = 0; index < pending; index++) {
    const timer = new SimEvent(fire)
    timers.push(timer)
    queue.schedule(timer, delay())
  }
  return {
    unit: 'setting',
    units: fires * (RESET + 1),
    run() {
      fired = 0
      for (let count = 0; count < fires; count++) queue.serviceOne()
    },
    check() {
      if (queue.size !== pending || fired !== fires) throw new Error('events were lost')
    },
  }
}

/** Schedules events for one instant and serves them; they come in the order in which they were scheduled. */
export function burst(size: number): Case {
  const queue = new EventQueue()
  let next = 0
  let inOrder = true
  const happens = (event: SimEvent): void => {
    inOrder &&= event === events[next++]
  }
  const events = Array.from({ length: size }, () => new SimEvent(happens))
  return {
    unit: 'event',
    units: size,
    run() {
      next = 0
      const time = queue.now + 1000
      for (const event of events) queue.schedule(event, time)
      while (queue.serviceOne() !== undefined);
    },
    check() {
      if (!inOrder || next !== size) throw new Error('the events of an instant did not come in their order')
    },
    facts: () => ({ order: 'FIFO' }),
  }
}

/** Lists all waiting events with what restores them. */
export function snapshot(pending: number): Case {
  const delay = exponentialDelays()
  const queue = new EventQueue()
  for (let index = 0; index < pending; index++) queue.schedule(new SimEvent(() => {}), delay())
  let listed = 0
  return {
    unit: 'snapshot',
    units: 1,
    run() {
      listed = queue.pending().length
    },
    check() {
      if (listed !== pending) throw new Error('events were lost')
    },
  }
}

/** Adds events to a fingerprint. */
export function fingerprint(): Case {
  const units = 100_000
  const delay = exponentialDelays()
  const hash = new Fingerprint()
  const event = new SimEvent(() => {}, { name: 'event' })
  return {
    unit: 'event',
    units,
    run() {
      for (let count = 0; count < units; count++) hash.add(event, delay(), count)
    },
    check() {
      if (hash.events % units !== 0 || hash.events === 0) throw new Error('events were lost')
    },
    facts: () => ({ fingerprint: String(hash) }),
  }
}

function exponentialDelays(): () => number {
  const random = xorshift32(2463534242)
  const delays = Float64Array.from({ length: DELAYS }, () => Math.floor(-MEAN * Math.log(1 - random() / 2 ** 32)) + 1)
  let next = 0
  return () => delays[next++ & (DELAYS - 1)] as number
}
