import { test as property } from '@fast-check/vitest'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Machine } from '../../src/machine/machine.ts'
import { InputRecorder, replayInputs } from '../../src/snapshot/input-replay.ts'
import { memoryFingerprint } from '../../src/snapshot/memory-fingerprint.ts'
import { TimeTravel } from '../../src/snapshot/time-travel.ts'
import { driven } from './driven-machine.ts'

function lookAt(machine: Machine) {
  return { state: machine.save(), memory: memoryFingerprint(machine) }
}

/** A run of 400 ticks with an input every 35, and how it looked at every instant and after every event. */
function travelled(every = 4, keep = 6) {
  const travel = new TimeTravel({ build: driven, every, keep })
  const byTime = new Map<bigint, ReturnType<typeof lookAt>>()
  const byEvents = new Map<number, ReturnType<typeof lookAt>>()
  for (let time = 0n; time <= 400n; time++) {
    while (travel.run({ until: time, events: 1 }).events > 0)
      byEvents.set(travel.machine.fingerprint.events, lookAt(travel.machine))
    if (time % 35n === 7n) travel.call('send', Number(time))
    byTime.set(time, lookAt(travel.machine))
  }
  return { travel, byTime, byEvents }
}

describe('time travel', () => {
  const once = travelled()

  test('keeps few snapshots', () => {
    expect(once.travel.snapshots.length).toBe(6)
    expect(once.travel.snapshots.every(({ events }) => events % 4 === 0)).toBe(true)
  })

  property.prop([fc.array(fc.bigInt({ min: 0n, max: 400n }), { minLength: 1, maxLength: 3 })], { numRuns: 6 })(
    'goes back to any instant and forward again, with the same inputs',
    (times) => {
      const { travel, byTime } = travelled()
      for (const time of times.toSorted((a, b) => Number(b - a))) {
        travel.reverseTo(time)

        expect(lookAt(travel.machine)).toEqual(byTime.get(time))
      }
      travel.run({ until: 400n })
      expect(lookAt(travel.machine)).toEqual(byTime.get(400n))
    },
  )

  test('goes back event by event', () => {
    const { travel, byEvents } = travelled()
    const total = travel.machine.fingerprint.events

    for (let at = total - 1; at > total - 12; at--) {
      travel.reverseBy(1)

      expect(travel.machine.fingerprint.events).toBe(at)
      expect(travel.machine.fingerprint.save()).toEqual(byEvents.get(at)?.state.fingerprint)
    }
    travel.reverseBy(total - 11)
    expect([travel.machine.fingerprint.events, travel.machine.now]).toEqual([0, 0n])
  })

  test('forgets the inputs that were to come when another is made', () => {
    const { travel } = travelled()
    travel.reverseTo(100n)
    travel.call('send', 1000)
    travel.run({ until: 400n })
    const other = driven()

    replayInputs(other.machine, other.inputs ?? {}, travel.log)

    expect(travel.log.inputs.map(({ time }) => time)).toEqual([7n, 42n, 77n, 100n])
    expect(lookAt(other.machine)).toEqual(lookAt(travel.machine))
    const past = lookAt(travel.reverseTo(390n))
    expect(lookAt(travel.reverseTo(390n))).toEqual(past)
  })

  test('forgets the snapshots of a way that another input has left', () => {
    const travel = new TimeTravel({ build: driven, every: 3 })
    travel.run({ until: 300n })
    travel.reverseTo(100n)
    travel.call('send', 1000)
    travel.run({ until: 200n })
    const seen = lookAt(travel.machine)
    travel.run({ until: 300n })

    expect(lookAt(travel.reverseTo(200n))).toEqual(seen)
  })

  test('uses an earlier snapshot where a device is there that nobody can plug again', () => {
    const travel = new TimeTravel({ build: driven, every: 3 })
    travel.run({ until: 100n })
    travel.call('plug', 'late')
    travel.run({ until: 200n })
    const seen = lookAt(travel.machine)
    travel.run({ until: 300n })

    travel.reverseTo(200n)

    expect(lookAt(travel.machine)).toEqual(seen)
  })

  test('says why there is no snapshot while a one-off event waits, and goes back from the beginning', () => {
    const build = () => {
      const run = driven()
      const inputs = { later: () => void run.machine.after(60n, () => run.adder.send(7), { name: 'later' }) }
      return { ...run, inputs }
    }
    const travel = new TimeTravel({ build, every: 2 })
    travel.run({ until: 5n })
    travel.call('later')
    travel.run({ until: 50n })

    expect([travel.snapshots.length, travel.unsaved?.code]).toEqual([0, 'machine.one-off-event'])
    travel.run({ until: 150n })
    expect(travel.unsaved).toBeUndefined()
    travel.reverseTo(50n)
    expect(travel.machine.queue.size).toBe(2)
  })

  test('refuses the future', () => {
    const { travel } = travelled()

    expect(() => travel.reverseTo(401n)).toThrow(expect.objectContaining({ code: 'time-travel.future' }))
    expect(() => travel.reverseBy(10_000)).toThrow('have happened')
  })

  test.each([
    [{ every: 0 }, 'every 0 events'],
    [{ every: -5 }, 'every -5 events'],
    [{ every: Number.NaN }, 'every NaN events'],
    [{ keep: 0 }, 'and keep 0'],
    [{ keep: 1.5 }, 'and keep 1.5'],
  ])('refuses the options %j', (options, message) => {
    expect(() => new TimeTravel({ build: driven, ...options })).toThrow(message)
  })

  test('refuses times and numbers of events that there are not, and stays where it is', () => {
    const { travel } = travelled()
    const before = lookAt(travel.machine)

    expect(() => travel.reverseTo(-1n)).toThrow(expect.objectContaining({ code: 'time.tick' }))
    for (const events of [-1, 0.5, Number.NaN]) expect(() => travel.reverseBy(events)).toThrow(`by ${events} events`)
    expect(lookAt(travel.machine)).toEqual(before)
  })

  test('makes an input that throws again on its way', () => {
    const build = () => {
      const run = driven()
      const inputs = {
        burst: () => {
          run.adder.send(9)
          throw new Error('half done')
        },
      }
      return { ...run, inputs }
    }
    const travel = new TimeTravel({ build })
    travel.run({ until: 12n })
    expect(() => travel.call('burst')).toThrow('half done')
    travel.run({ until: 50n })
    const seen = lookAt(travel.machine)
    travel.run({ until: 90n })

    travel.reverseTo(50n)

    expect(lookAt(travel.machine)).toEqual(seen)
  })

  /** A machine that is slower, and ends earlier, every time it is composed. */
  function fickle() {
    let builds = 0
    return () => {
      const run = driven()
      builds++
      const gap = 3 * builds
      let left = 40 / builds
      const beat = run.machine.event('beat', () => {
        if (--left > 0) run.machine.queue.schedule(beat, run.machine.queue.now + gap)
      })
      run.machine.queue.schedule(beat, 0)
      run.machine.queue.deschedule(run.adder.tick)
      return run
    }
  }

  test.each([
    ['an input', Number.POSITIVE_INFINITY, /before input 0 'send'/, (travel: TimeTravel) => travel.reverseTo(60n)],
    [
      'a snapshot',
      4,
      /before a snapshot/,
      (travel: TimeTravel) => {
        travel.reverseTo(8n)
        travel.run()
      },
    ],
    [
      'the event that it was at',
      Number.POSITIVE_INFINITY,
      /nothing waits after \d+ events/,
      (travel: TimeTravel) => travel.reverseBy(1),
    ],
  ])('says that a machine goes another way before %s', (what, every, message, back) => {
    const travel = new TimeTravel({ build: fickle(), every })
    travel.run({ until: 50n })
    if (what === 'an input') travel.call('send', 1)
    travel.run()

    expect(() => back(travel)).toThrow(message)
  })

  test('runs as a machine does that nobody watches', () => {
    const plain = driven()
    const recorder = new InputRecorder(plain.machine, plain.inputs ?? {})
    const travel = new TimeTravel({ build: driven, every: 3 })
    for (const side of [plain.machine, travel]) {
      expect(side.run({ until: 95n, events: 5 })).toMatchObject({ ended: 'events', events: 5 })
      if (side === travel) travel.call('send', 3)
      else recorder.call('send', 3)
      side.run({ until: 95n })
    }

    expect(travel.run({ events: 4 })).toEqual(plain.machine.run({ events: 4 }))
    expect(travel.log).toEqual(recorder.log)
    travel.machine.at(travel.machine.now + 1n, () => travel.machine.stop('here'))
    expect(travel.run()).toMatchObject({ ended: 'stopped', cause: 'here' })
  })
})
