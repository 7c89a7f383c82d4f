import { Machine } from '@hostbridge/core/machine'
import type { SimEvent } from '@hostbridge/core/time'
import type { BenchCase } from './bench-case.ts'
import { threadCpuTime } from './clock.ts'
import { xorshift32 } from './random.ts'

type Case = Omit<BenchCase, 'clock'>

/** Events that one sample serves. */
const SERVED = 20_000

/** Events that wait meanwhile. */
const PENDING = 1000

/** Trace points that an event of `trace-off` passes, so that one of them can be told from noise. */
const POINTS = 16

/**
 * A machine's events, each of which passes 16 trace points of a machine that nobody traces, beside rounds of the same events
 * without them: `percentPerPoint` is by the minima what one point adds to an event.
 */
export function traceOff(): Case {
  const [off, none] = [passing(), bare()]
  let least = Number.POSITIVE_INFINITY
  return {
    unit: 'event',
    units: SERVED,
    minSamples: 60,
    prepare() {
      const start = threadCpuTime()
      none.run({ events: SERVED })
      least = Math.min(least, ((threadCpuTime() - start) * 1e6) / SERVED)
    },
    run() {
      off.run({ events: SERVED })
    },
    check() {
      if (off.queue.size !== PENDING || off.fingerprint.events % SERVED !== 0) throw new Error('events were lost')
      if (off.fingerprint.events === 0) throw new Error('events were lost')
    },
    facts: (_ns, min = Number.NaN) => ({
      noneNs: Number(least.toFixed(1)),
      points: POINTS,
      percentPerPoint: Number(((100 * (min / least - 1)) / POINTS).toFixed(2)),
    }),
  }
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
