import { Machine } from '@hostbridge/core/machine'
import type { SimEvent } from '@hostbridge/core/time'
import type { BenchCase } from './bench-case.ts'
import { threadCpuTime } from './clock.ts'
import { xorshift32 } from './random.ts'

type Case = Omit<BenchCase, 'clock'>

/** Events that one round serves: short, so that many rounds take turns and some of either kind go undisturbed. */
const SERVED = 4000

const ROUNDS = 250

/** Events that wait meanwhile. */
const PENDING = 1000

/** Trace points that an event of `trace-off` passes, so that one of them can be told from noise. */
const POINTS = 16

/**
 * A machine's events, each of which passes 16 trace points of a machine that nobody traces, in turns with rounds of the same
 * events without them: `percentPerPoint` is what one point adds to an event, by the median of what neighbouring rounds take
 * compared with each other, which a processor that changes its speed changes little.
 */
export function traceOff(): Case {
  const [off, none] = [passing(), bare()]
  const timed = (machine: Machine): number => {
    const start = threadCpuTime()
    machine.run({ events: SERVED })
    return ((threadCpuTime() - start) * 1e6) / SERVED
  }
  const ratios: number[] = []
  const without: number[] = []
  let before = 0
  return {
    unit: 'event',
    units: 2 * SERVED,
    minSamples: ROUNDS,
    prepare() {
      before = timed(none)
      without.push(before)
    },
    run() {
      const points = timed(off)
      const after = timed(none)
      // A clock that has not gone on in between says nothing.
      if (before + after > 0) ratios.push((2 * points) / (before + after))
    },
    check() {
      const { events } = off.fingerprint
      if (off.queue.size !== PENDING || events % SERVED !== 0 || events === 0) throw new Error('events were lost')
    },
    facts: () => {
      return {
        noneNs: Number(medianOf(without).toFixed(1)),
        points: POINTS,
        percentPerPoint: Number(((100 * (medianOf(ratios) - 1)) / POINTS).toFixed(2)),
      }
    },
  }
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

/** Saves a machine with `pending` waiting events that have their names. */
export function machineSnapshot(pending: number): Case {
  const random = xorshift32(2463534242)
  const machine = new Machine('pc')
  for (let index = 0; index < pending; index++) {
    machine.queue.schedule(
      machine.event(`event ${index}`, () => {}),
      random(),
    )
  }
  let saved = 0
  return {
    unit: 'snapshot',
    units: 1,
    run() {
      saved = machine.save().events.times.length
    },
    check() {
      if (saved !== pending) throw new Error('events were lost')
    },
  }
}

function passing(): Machine {
  const machine = new Machine('off')
  return waiting(machine, (event, delay) => {
    const { queue } = machine
    for (let point = 0; point < POINTS; point++) {
      machine.trace?.add({ time: queue.now, category: 'event', device: '', name: 'point' })
    }
    queue.schedule(event, queue.now + delay)
  })
}

function bare(): Machine {
  const machine = new Machine('none')
  return waiting(machine, (event, delay) => {
    const { queue } = machine
    for (let point = 0; point < POINTS; point++) delay += point & 0
    queue.schedule(event, queue.now + delay)
  })
}

function waiting(machine: Machine, act: (event: SimEvent, delay: number) => void): Machine {
  const random = xorshift32(2463534242)
  for (let index = 0; index < PENDING; index++) {
    machine.at(BigInt(random() & 0xfffff), (event) => act(event, random() & 0xfffff))
  }
  return machine
}
