import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { runUntil } from '../../src/time/advance.ts'
import { EventQueue } from '../../src/time/event-queue.ts'
import { PTimer } from '../../src/time/p-timer.ts'

const make = (options: { leastPeriod?: number } = { leastPeriod: 1 }) => {
  const queue = new EventQueue()
  const triggers: number[] = []
  return { queue, triggers, timer: new PTimer(queue, () => triggers.push(queue.now), options) }
}

describe('PTimer', () => {
  test('counts down from its limit, triggers at 0 and begins anew', () => {
    const { queue, triggers, timer } = make()
    timer.transaction(() => {
      timer.setPeriod(10)
      timer.setLimit(3, true)
      timer.run()
    })

    const counts = [0, 9, 10, 29, 30, 39, 40].map((tick) => {
      runUntil(queue, tick)
      return timer.count
    })

    expect(counts).toEqual([3, 3, 2, 1, 3, 3, 2])
    runUntil(queue, 90)
    expect(triggers).toEqual([30, 60, 90])
  })

  test('stops at 0 after one shot', () => {
    const { queue, triggers, timer } = make()
    timer.setPeriod(10)
    timer.setLimit(7)
    timer.setCount(3)

    timer.run(true)
    runUntil(queue, 100)

    expect([triggers, timer.count, timer.running, queue.size]).toEqual([[30], 0, false, 0])
  })

  test('keeps its value while it is stopped, and goes on from there', () => {
    const { queue, triggers, timer } = make()
    timer.setPeriod(10)
    timer.setLimit(5, true)
    timer.run()

    runUntil(queue, 25)
    timer.stop()
    runUntil(queue, 1000)
    expect([timer.count, timer.running, triggers]).toEqual([3, false, []])
    timer.run()
    runUntil(queue, 1030)

    expect(triggers).toEqual([1030])
  })

  test('takes a new limit at the next reload, or at once when it is told to', () => {
    const { queue, triggers, timer } = make()
    timer.setPeriod(1)
    timer.setLimit(100, true)
    timer.run()

    timer.setLimit(50)
    runUntil(queue, 160)
    expect(triggers).toEqual([100, 150])
    timer.setLimit(200, true)

    expect([timer.count, timer.limit]).toEqual([200, 200])
  })

  test('triggers at once and reloads when it is started at 0, or set to 0 while it counts', () => {
    const { triggers, timer } = make()
    timer.setPeriod(10)
    timer.setLimit(5)

    timer.run()
    expect([triggers, timer.count]).toEqual([[0], 5])
    timer.setCount(0)

    expect([triggers, timer.count, timer.running]).toEqual([[0, 0], 5, true])
  })

  test('stops without a trigger when it has no period, and with one when it has no limit', () => {
    const { triggers, timer } = make()
    timer.setLimit(5, true)

    timer.run()
    expect([timer.running, triggers]).toEqual([false, []])
    timer.transaction(() => {
      timer.setPeriod(10)
      timer.setLimit(0, true)
      timer.run()
    })

    expect([timer.running, triggers]).toEqual([false, [0]])
  })

  test('looks at the changes of a transaction together: none of the values between triggers', () => {
    const { triggers, timer } = make()
    timer.setPeriod(10)

    timer.transaction(() => {
      timer.run()
      timer.setCount(0)
      timer.transaction(() => timer.setLimit(9))
      timer.setCount(4)
    })

    expect([triggers, timer.count]).toEqual([[], 4])
  })

  test('keeps its value when its frequency changes', () => {
    const { queue, triggers, timer } = make()
    timer.setFrequency(1_000_000)
    timer.setLimit(10, true)
    timer.run()
    runUntil(queue, 4_000)

    timer.setFrequency(500_000)

    expect(timer.count).toBe(6)
    runUntil(queue, 20_000)
    expect(triggers).toEqual([16_000])
    timer.setFrequency(0)
    expect([timer.running, timer.count]).toEqual([false, 8])
  })

  test('does not drift: a thousand periods of ten counts at 3 Hz end at 3,333,333,333,333', () => {
    const { queue, triggers, timer } = make()
    timer.setFrequency(3)
    timer.setLimit(10, true)
    timer.run()

    runUntil(queue, 3_333_333_333_333)

    expect([triggers.length, triggers.at(-1)]).toEqual([1000, 3_333_333_333_333])
  })

  test('triggers no oftener than its least period, however fast a guest lets it count', () => {
    const { queue, triggers, timer } = make({ leastPeriod: 1000 })
    timer.setFrequency(4_000_000_000)
    timer.setLimit(1, true)

    timer.run()
    runUntil(queue, 3500)

    expect(triggers).toEqual([1000, 2000, 3000])
  })

  test('never triggers where its zero lies beyond the end of virtual time', () => {
    const { queue, timer } = make()
    timer.setPeriod(1e9)
    timer.setLimit(2 ** 52, true)

    timer.run()

    expect([queue.size, timer.running, timer.count]).toEqual([0, true, 2 ** 52])
  })

  test('takes its own time for one shot, however short, and stops at 0 where its limit is 0', () => {
    const shot = make({})
    shot.timer.setPeriod(10)
    shot.timer.setLimit(3, true)
    const last = make({})
    last.timer.setPeriod(10_000)
    last.timer.setCount(2)

    shot.timer.run(true)
    last.timer.run()
    runUntil(shot.queue, 100)
    runUntil(last.queue, 100_000)

    expect([shot.triggers, last.triggers]).toEqual([[30], [20_000]])
    expect([shot.timer.running, last.timer.running, last.timer.count]).toEqual([false, false, 0])
  })

  test('triggers once a tick at most, where no least period is wanted', () => {
    const { queue, triggers, timer } = make({ leastPeriod: 0 })
    timer.setPeriod(1, 4)
    timer.setLimit(1, true)

    timer.run()
    runUntil(queue, 3)

    expect(triggers).toEqual([1, 2, 3])
  })

  test.each([
    ['a value below 0', (timer: PTimer) => timer.setCount(-1), 'time.ptimer'],
    ['a value that is none', (timer: PTimer) => timer.setCount(Number.NaN), 'time.ptimer'],
    ['a limit below 0', (timer: PTimer) => timer.setLimit(-1, true), 'time.ptimer'],
    ['a limit that is not whole', (timer: PTimer) => timer.setLimit(1.5), 'time.ptimer'],
    ['a period below 0', (timer: PTimer) => timer.setPeriod(-1), 'time.clock'],
    ['a period that is not whole', (timer: PTimer) => timer.setPeriod(1.5), 'time.clock'],
    ['a period over 0', (timer: PTimer) => timer.setPeriod(0, 0), 'time.clock'],
    ['a frequency that is none', (timer: PTimer) => timer.setFrequency(Number.NaN), 'time.clock'],
    ['a frequency that is not whole', (timer: PTimer) => timer.setFrequency(0.5), 'time.clock'],
  ])('refuses %s, and counts on as before', (_name, change, code) => {
    const { queue, triggers, timer } = make()
    timer.setPeriod(10)
    timer.setLimit(3, true)
    timer.run()

    expect(() => change(timer)).toThrow(expect.objectContaining({ code }))
    runUntil(queue, 60)

    expect(triggers).toEqual([30, 60])
    expect(() => make({ leastPeriod: Number.NaN })).toThrow(expect.objectContaining({ code: 'time.ptimer' }))
  })

  test.each([true, false])(
    'set off again at once by its own trigger for ever, is a livelock of its name (one shot: %s)',
    (oneShot) => {
      const queue = new EventQueue({ maxAtOneInstant: 50 })
      let triggers = 0
      const timer: PTimer = new PTimer(
        queue,
        () => {
          triggers++
          timer.transaction(() => {
            timer.setCount(0)
            timer.run(oneShot)
          })
        },
        { name: 'watchdog', leastPeriod: 1 },
      )
      timer.setPeriod(10)
      timer.setLimit(3, true)
      timer.run(oneShot)

      expect(() => runUntil(queue, 100)).toThrow(expect.objectContaining({ code: 'time.livelock' }))
      expect([triggers, queue.now, queue.pending().map(({ event }) => event.name)]).toEqual([50, 30, ['watchdog']])
    },
  )

  test('runs out once more at the same instant when its trigger sets it to 0, and goes on from there', () => {
    const queue = new EventQueue()
    const triggers: number[] = []
    const timer: PTimer = new PTimer(
      queue,
      () => {
        if (triggers.push(queue.now) === 1) timer.setCount(0)
      },
      { leastPeriod: 1 },
    )
    timer.setPeriod(10)
    timer.setLimit(3, true)
    timer.run()

    runUntil(queue, 90)

    expect(triggers).toEqual([30, 30, 60, 90])
  })

  test.prop({
    num: fc.integer({ min: 1, max: 50 }),
    den: fc.integer({ min: 1, max: 20 }),
    limit: fc.integer({ min: 1, max: 30 }),
    ticks: fc.nat(500),
    cut: fc.nat(500),
  })('agrees with counting one by one, and goes on from a saved state', ({ num, den, limit, ticks, cut }) => {
    fc.pre(limit * num >= den)
    const first = make()
    first.timer.setPeriod(num, den)
    first.timer.setLimit(limit, true)
    first.timer.run()
    runUntil(first.queue, cut)
    const { queue, triggers, timer } = make()
    queue.reset(cut)

    timer.restore(structuredClone(first.timer.save()))
    runUntil(queue, cut + ticks)

    const counts = Math.floor(((cut + ticks + 1) * den - 1) / num)
    const countsBefore = Math.floor(((cut + 1) * den - 1) / num)
    expect(timer.count).toBe(limit - (counts % limit))
    expect(first.triggers.length).toBe(Math.floor(countsBefore / limit))
    expect(triggers.length).toBe(Math.floor(counts / limit) - Math.floor(countsBefore / limit))
  })
})
