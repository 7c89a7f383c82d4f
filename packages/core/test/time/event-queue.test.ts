import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { SimEvent } from '../../src/time/event.ts'
import { EventQueue } from '../../src/time/event-queue.ts'
import { LAST_TICK } from '../../src/time/tick.ts'

/** The oracle: an array that is sorted anew before every service. */
class SortedQueue {
  now = 0
  readonly #waiting: { id: number; key: number[] }[] = []
  readonly #sequences = new Map<number, number>()

  schedule(id: number, event: SimEvent, time: number): void {
    const sequence = this.#sequences.get(event.source) ?? 0
    this.#sequences.set(event.source, sequence + 1)
    this.#waiting.push({ id, key: [time, event.priority, event.source, sequence] })
  }

  deschedule(id: number): boolean {
    const index = this.#waiting.findIndex((each) => each.id === id)
    if (index >= 0) this.#waiting.splice(index, 1)
    return index >= 0
  }

  serviceOne(): number | undefined {
    this.#waiting.sort((a, b) => a.key.map((part, i) => part - (b.key[i] as number)).find((d) => d !== 0) ?? 0)
    const first = this.#waiting.shift()
    this.now = first?.key[0] ?? this.now
    return first?.id
  }
}

const eventOptions = fc.record({ priority: fc.integer({ min: -2, max: 2 }), source: fc.nat(2) })
const step = fc.record({
  does: fc.constantFrom('schedule', 'schedule', 'reschedule', 'deschedule', 'service'),
  id: fc.nat(39),
  delay: fc.oneof(fc.nat(2), fc.nat(100), fc.integer({ min: 0, max: 2 ** 40 })),
})
const scenario = {
  options: fc.array(eventOptions, { minLength: 40, maxLength: 40 }),
  steps: fc.array(step, { maxLength: 150 }),
}

describe('EventQueue', () => {
  test.prop(scenario, { numRuns: 150 })('serves in the order of a sorted array', ({ options, steps }) => {
    const queue = new EventQueue()
    const oracle = new SortedQueue()
    const served: number[] = []
    const events = options.map((each, id) => new SimEvent(() => served.push(id), each))

    for (const { does, id, delay } of steps) {
      const event = events[id] as SimEvent
      const time = queue.now + delay
      if (does === 'service') {
        expect(events.indexOf(queue.serviceOne() as SimEvent)).toBe(oracle.serviceOne() ?? -1)
      } else if (does === 'deschedule') {
        expect(queue.deschedule(event)).toBe(oracle.deschedule(id))
      } else if (does === 'reschedule' || !event.scheduled) {
        oracle.deschedule(id)
        oracle.schedule(id, event, time)
        queue[does === 'reschedule' ? 'reschedule' : 'schedule'](event, time)
        expect(event.time).toBe(time)
      }
      expect(queue.now).toBe(oracle.now)
    }

    const rest: (number | undefined)[] = []
    while (queue.size > 0) {
      queue.serviceOne()
      rest.push(oracle.serviceOne())
    }
    expect(served.slice(served.length - rest.length)).toEqual(rest)
    expect(oracle.serviceOne()).toBeUndefined()
  })

  test.prop({ seeds: fc.array(fc.nat(50), { minLength: 1, maxLength: 80 }) }, { numRuns: 100 })(
    'serves in the same order when events schedule themselves again',
    ({ seeds }) => {
      const queue = new EventQueue()
      const oracle = new SortedQueue()
      const served: number[] = []
      let left = 200
      const events = seeds.map((seed, id): SimEvent => {
        const event = new SimEvent(() => {
          served.push(id)
          if (left-- > 0) queue.schedule(event, queue.now + ((seed * left) % 17))
        })
        return event
      })
      const expected: number[] = []

      for (const [id, event] of events.entries()) {
        queue.schedule(event, seeds[id] as number)
        oracle.schedule(id, event, seeds[id] as number)
      }
      while (queue.serviceOne() !== undefined);
      left = 200
      for (let id = oracle.serviceOne(); id !== undefined; id = oracle.serviceOne()) {
        expected.push(id)
        if (left-- > 0) oracle.schedule(id, events[id] as SimEvent, oracle.now + (((seeds[id] as number) * left) % 17))
      }

      expect(served).toEqual(expected)
    },
  )

  test('counts the sequence of each source by itself, so that other sources do not change the order', () => {
    const order = (withNoise: boolean): string[] => {
      const queue = new EventQueue()
      const served: string[] = []
      const event = (name: string, source: number) => new SimEvent(() => served.push(name), { source })
      if (withNoise) for (let i = 0; i < 5; i++) queue.schedule(new SimEvent(() => {}, { source: 9 }), 1)
      for (const [name, source] of [
        ['b', 2],
        ['a', 1],
        ['c', 2],
      ] as const)
        queue.schedule(event(name, source), 1)
      while (queue.serviceOne() !== undefined);
      return served
    }

    expect(order(true)).toEqual(['a', 'b', 'c'])
    expect(order(false)).toEqual(order(true))
  })

  test('has Infinity as its next tick when nothing waits', () => {
    const queue = new EventQueue()

    expect(queue.nextTick()).toBe(Number.POSITIVE_INFINITY)
    expect(queue.serviceOne()).toBeUndefined()
    queue.schedule(new SimEvent(() => {}), LAST_TICK)
    expect(queue.nextTick()).toBe(LAST_TICK)
  })

  test('goes on after an action that throws', () => {
    const queue = new EventQueue()
    const broken = new SimEvent(() => {
      throw new Error('broken')
    })
    queue.schedule(broken, 5)
    queue.schedule(new SimEvent(() => {}), 6)

    expect(() => queue.serviceOne()).toThrow('broken')

    expect([queue.now, queue.size, broken.scheduled]).toEqual([5, 1, false])
    queue.serviceOne()
    expect(queue.now).toBe(6)
  })

  it.for([
    { time: 0.5, code: 'time.tick' },
    { time: Number.NaN, code: 'time.tick' },
    { time: Number.POSITIVE_INFINITY, code: 'time.tick' },
    { time: 2 ** 53, code: 'time.tick' },
    { time: 9, code: 'time.past' },
    { time: -1, code: 'time.past' },
  ])('refuses to schedule for $time at 10 with $code', ({ time, code }) => {
    const queue = new EventQueue()
    queue.advanceTo(10)
    const event = new SimEvent(() => {}, { name: 'timer' })
    const waiting = new SimEvent(() => {})
    queue.schedule(waiting, 20)

    expect(() => queue.schedule(event, time)).toThrow(expect.objectContaining({ code }))
    expect(() => queue.reschedule(waiting, time)).toThrow(expect.objectContaining({ code }))

    expect([event.scheduled, waiting.time]).toEqual([false, 20])
  })

  test('refuses to schedule an event that waits already, here or elsewhere', () => {
    const queue = new EventQueue()
    const other = new EventQueue()
    const event = new SimEvent(() => {}, { name: 'timer' })
    queue.schedule(event, 5)

    expect(() => queue.schedule(event, 6)).toThrow('event timer waits for 5 already')
    expect(() => other.reschedule(event, 6)).toThrow(expect.objectContaining({ code: 'time.scheduled' }))
    expect(other.deschedule(event)).toBe(false)
    expect(event.time).toBe(5)
  })

  test('moves on to a time before which nothing waits', () => {
    const queue = new EventQueue()
    queue.schedule(new SimEvent(() => {}, { name: 'timer' }), 5)

    queue.advanceTo(5)

    expect(queue.now).toBe(5)
    expect(() => queue.advanceTo(6)).toThrow('timer waits for 5')
    expect(() => queue.advanceTo(4)).toThrow(expect.objectContaining({ code: 'time.past' }))
  })

  test('forgets all events when it is reset, also to an earlier time', () => {
    const queue = new EventQueue()
    const events = [1, 2, 3].map(() => new SimEvent(() => {}))
    queue.advanceTo(100)
    for (const event of events) queue.schedule(event, 200)

    queue.reset(7)

    expect([queue.now, queue.size, events.some((event) => event.scheduled)]).toEqual([7, 0, false])
    expect(() => queue.reset(-1)).toThrow(expect.objectContaining({ code: 'time.tick' }))
  })

  test('calls too many events at one instant a livelock, names them and keeps them', () => {
    const queue = new EventQueue({ maxAtOneInstant: 100 })
    for (const name of ['ping', 'pong']) {
      const event: SimEvent = new SimEvent(() => queue.schedule(event, queue.now), { name })
      queue.schedule(event, 42)
    }
    queue.schedule(new SimEvent(() => {}, { name: 'later' }), 43)
    const serveAll = () => {
      while (queue.serviceOne() !== undefined);
    }

    expect(serveAll).toThrow(/^100 events happened at 42 and more wait for it: (ping, pong|pong, ping);/)
    expect(serveAll).toThrow(expect.objectContaining({ code: 'time.livelock' }))
    expect(queue.size).toBe(3)
  })

  test.each([0, 42])('serves as many events at one instant as are allowed and no more, from %i on', (time) => {
    let served = 0
    const queue = new EventQueue({ maxAtOneInstant: 100 })
    const spinner: SimEvent = new SimEvent(() => {
      served++
      queue.schedule(spinner, queue.now)
    })
    queue.schedule(spinner, time)
    const serveAll = () => {
      while (queue.serviceOne() !== undefined);
    }

    expect(serveAll).toThrow(`100 events happened at ${time}`)
    expect(served).toBe(100)
    expect(serveAll).toThrow(`100 events happened at ${time}`)
    expect(served).toBe(200)
  })

  test('goes on after a livelock that was cut', () => {
    const queue = new EventQueue({ maxAtOneInstant: 2 })
    const spinner: SimEvent = new SimEvent(() => queue.schedule(spinner, queue.now))
    queue.schedule(spinner, 1)
    expect(() => {
      while (queue.serviceOne() !== undefined);
    }).toThrow('2 events happened at 1')

    queue.deschedule(spinner)
    queue.schedule(new SimEvent(() => {}), 1)

    expect(queue.serviceOne()).toBeDefined()
  })

  test('counts events at one instant anew at the next', () => {
    const queue = new EventQueue({ maxAtOneInstant: 2 })
    for (const time of [1, 1, 2, 2]) queue.schedule(new SimEvent(() => {}), time)

    while (queue.serviceOne() !== undefined);

    expect(queue.now).toBe(2)
  })

  test.prop(
    {
      options: fc.array(eventOptions, { minLength: 30, maxLength: 30 }),
      times: fc.array(fc.nat(5), { minLength: 30, maxLength: 30 }),
      seed: fc.nat(),
    },
    { numRuns: 60 },
  )('lists what waits in its order, and serves it in that order wherever it is put in again', (given) => {
    const { options, times, seed } = given
    const queue = new EventQueue()
    const events = options.map((each, id) => new SimEvent(() => {}, { ...each, name: `${id}` }))
    for (const [id, event] of events.entries()) queue.schedule(event, times[id] as number)
    const pending = queue.pending()
    const saved = pending.map(({ event, time, sequence }) => ({ name: event.name, time, sequence }))
    const { sequences } = queue

    const restored = new EventQueue()
    restored.reset(0, sequences)
    const shuffled = saved.toSorted(
      (a, b) => ((Number(a.name) * (seed | 1)) % 31) - ((Number(b.name) * (seed | 1)) % 31),
    )
    for (const { name, time, sequence } of shuffled) {
      const served = new SimEvent(() => {}, { ...options[Number(name)], name })
      restored.scheduleAs(served, time, sequence)
    }

    const order = saved.map(({ name }) => name)
    expect(restored.sequences).toEqual(sequences)
    expect(pending.map(({ event, sequence }) => event.sequence === sequence)).not.toContain(false)
    expect(Array.from({ length: 30 }, () => queue.serviceOne()?.name)).toEqual(order)
    expect(Array.from({ length: 30 }, () => restored.serviceOne()?.name)).toEqual(order)
  })

  test('counts a sequence number that is taken for another queue', () => {
    const queue = new EventQueue()
    const event = new SimEvent(() => {}, { source: 3 })

    const taken = [queue.takeSequence(3), queue.takeSequence(3)]
    queue.schedule(event, 0)

    expect([...taken, event.sequence]).toEqual([0, 1, 2])
    expect(queue.sequences).toEqual([0, 0, 0, 3])
  })

  test('keeps the sequence number of a refused scheduling for the next', () => {
    const queue = new EventQueue()
    const event = new SimEvent(() => {})
    queue.schedule(event, 1)

    expect(() => queue.schedule(event, 2)).toThrow(expect.objectContaining({ code: 'time.scheduled' }))
    expect(() => queue.scheduleAs(event, 2, 0)).toThrow(expect.objectContaining({ code: 'time.scheduled' }))
    expect(() => queue.reschedule(event, 0.5)).toThrow(expect.objectContaining({ code: 'time.tick' }))

    expect(queue.sequences).toEqual([1])
  })

  test('lets an event that happens be scheduled anew, here or elsewhere, and others take its place', () => {
    const queue = new EventQueue()
    const other = new EventQueue()
    const seen: string[] = []
    const again: SimEvent = new SimEvent(() => {
      seen.push('again')
      queue.schedule(new SimEvent(() => seen.push('new')), queue.now)
      if (seen.length < 3) queue.schedule(again, queue.now)
      else other.schedule(again, 50)
    })
    queue.schedule(again, 1)

    while (queue.serviceOne() !== undefined);

    expect(seen).toEqual(['again', 'new', 'again', 'new'])
    expect([queue.size, other.size, again.time]).toEqual([0, 1, 50])
  })

  test('serves from inside an event', () => {
    const queue = new EventQueue()
    const seen: number[] = []
    const outer: SimEvent = new SimEvent(() => {
      seen.push(1)
      queue.serviceOne()
      queue.schedule(outer, 9)
    })
    queue.schedule(outer, 1)
    queue.schedule(new SimEvent(() => seen.push(2)), 2)

    queue.serviceOne()

    expect([seen, queue.size, queue.now, outer.time]).toEqual([[1, 2], 1, 2, 9])
  })

  test('forgets an event that happens when it is reset from inside', () => {
    const queue = new EventQueue()
    const event: SimEvent = new SimEvent(() => {
      queue.reset(0)
      queue.schedule(event, 3)
    })
    queue.schedule(event, 5)

    queue.serviceOne()

    expect([queue.size, event.time, queue.pending().map(({ time }) => time)]).toEqual([1, 3, [3]])
  })

  test('keeps no memory for events that have happened', () => {
    const queue = new EventQueue()
    const atFirst = queue.capacity

    for (let time = 0; time < 1000; time++) {
      queue.schedule(new SimEvent(() => {}), time)
      queue.serviceOne()
    }

    expect(queue.capacity).toBe(atFirst)
  })

  test('gives memory back when a peak is long over, and keeps the order of what still waits', () => {
    const queue = new EventQueue()
    const events = Array.from({ length: 20_000 }, (_, id) => new SimEvent(() => {}, { name: `${id}` }))
    for (const [id, event] of events.entries()) queue.schedule(event, id >> 1)
    for (let id = 0; id < 19_900; id++) queue.serviceOne()
    const atPeak = queue.capacity
    const passing = new SimEvent(() => {})

    for (let turn = 0; turn < 6 * atPeak; turn++) {
      queue.schedule(passing, queue.now)
      queue.serviceOne()
    }
    queue.schedule(new SimEvent(() => {}, { name: 'last' }), 10_000)

    const left = Array.from({ length: 101 }, () => queue.serviceOne()?.name)
    expect(left).toEqual([...events.slice(19_900).map(({ name }) => name), 'last'])
    expect([atPeak >= 20_000, queue.capacity <= 4096, queue.size]).toEqual([true, true, 0])
  })

  test.each([0, -1, Number.NaN])('does not stop after %d events at one instant', (maxAtOneInstant) => {
    expect(() => new EventQueue({ maxAtOneInstant })).toThrow(expect.objectContaining({ code: 'time.limit' }))
  })

  test('lets go of an event that has happened, when others have for long', async () => {
    const queue = new EventQueue()
    const over = scheduleOnce(queue)
    const tick = new SimEvent(() => queue.schedule(tick, queue.now + 1))
    queue.schedule(tick, 1)

    for (let turn = 0; turn < 2000; turn++) queue.serviceOne()
    // A weak reference holds what it is of until the job is over.
    await setImmediate()
    collectGarbage()

    expect(over.deref()).toBeUndefined()
  })

  test('takes back the places of events that have gone to another queue, and not those that they have now', () => {
    const [queue, other] = [new EventQueue(), new EventQueue()]
    const atFirst = queue.capacity
    const wanderer = new SimEvent(() => {})
    const stays = new SimEvent(() => {})

    for (let turn = 0; turn < 20 * atFirst; turn++) {
      for (const each of [queue, other]) {
        each.schedule(wanderer, turn)
        for (const passing of ['one', 'another']) each.schedule(new SimEvent(() => {}, { name: passing }), turn)
        expect(wanderer.time).toBe(turn)
        for (let served = 0; served < 3; served++) each.serviceOne()
      }
    }
    queue.schedule(wanderer, LAST_TICK)
    for (let turn = 0; turn < 20 * atFirst; turn++) {
      queue.schedule(stays, queue.now)
      queue.serviceOne()
    }

    expect([queue.capacity, other.capacity, wanderer.time]).toEqual([atFirst, atFirst, LAST_TICK])
    expect([queue.deschedule(wanderer), queue.size]).toEqual([true, 0])
  })

  test('gives memory back while events happen and are scheduled again', () => {
    const queue = new EventQueue()
    const passing = Array.from({ length: 19_900 }, () => new SimEvent(() => {}))
    for (const event of passing) queue.schedule(event, 1)
    while (queue.serviceOne() !== undefined);
    const order: number[] = []
    const timers = Array.from({ length: 200 }, (_, id) => new SimEvent(() => order.push(id)))

    for (let turn = 0; turn < 1000; turn++) {
      for (const [id, timer] of timers.entries()) queue.schedule(timer, queue.now + 1 + id)
      if (turn % 7 === 0) queue.schedule(new SimEvent(() => {}), queue.now + 1)
      while (queue.serviceOne() !== undefined);
    }

    expect(queue.capacity).toBeLessThanOrEqual(4096)
    expect(order.every((id, at) => id === at % 200)).toBe(true)
    expect(order).toHaveLength(1000 * 200)
  })

  test('lists a long burst of one instant whose order is mixed', () => {
    const queue = new EventQueue()
    for (let id = 0; id < 5000; id++) {
      queue.schedule(new SimEvent(() => {}, { name: `${id}`, priority: id % 7, source: id % 3 }), 9)
    }

    const listed = queue.pending().map(({ event }) => event.name)

    expect(listed).toEqual(Array.from({ length: 5000 }, () => queue.serviceOne()?.name))
  })

  test('lists events all over virtual time in their order', () => {
    const queue = new EventQueue()
    const times = Array.from({ length: 300 }, (_, id) => (id % 2 ? LAST_TICK - id * 1e9 : id % 50))
    for (const time of times) queue.schedule(new SimEvent(() => {}), time)

    expect(queue.pending().map(({ time }) => time)).toEqual(times.toSorted((a, b) => a - b))
  })

  test('takes events whose sequence numbers fall, in numbers, and serves them as they rise', () => {
    const queue = new EventQueue()
    for (let sequence = 4999; sequence >= 0; sequence--) {
      queue.scheduleAs(new SimEvent(() => {}, { name: `${sequence}` }), 5, sequence)
    }

    const served = Array.from({ length: 5000 }, () => Number(queue.serviceOne()?.name))

    expect(served).toEqual(served.map((_, index) => index))
  })
})

/** In a function of its own: no variable of the test holds the event. */
function scheduleOnce(queue: EventQueue): WeakRef<SimEvent> {
  const event = new SimEvent(() => {})
  queue.schedule(event, 0)
  return new WeakRef(event)
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}
