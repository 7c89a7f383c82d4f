import { describe, expect, test } from 'vitest'
import { Machine } from '../../src/machine/machine.ts'
import { TrackingReason } from '../../src/memory/dirty/dirty-client.ts'
import type { SimEvent } from '../../src/time/event.ts'
import { ms, us } from '../../src/time/units.ts'

describe('run', () => {
  test('serves the events of its last instant and ends there', () => {
    const machine = new Machine('pc')
    const seen: bigint[] = []
    for (const time of [3n, 10n, 11n]) machine.at(time * ms, () => seen.push(machine.now))

    const result = machine.run({ until: 10n * ms })

    expect(seen).toEqual([3n * ms, 10n * ms])
    expect(result).toMatchObject({ ended: 'until', cause: undefined, events: 2, now: 10n * ms })
  })

  test('goes on from where it ended', () => {
    const machine = new Machine('pc')
    const seen: bigint[] = []
    machine.run({ until: 10n * ms })
    machine.after(5n * us, () => seen.push(machine.now))

    const result = machine.run({ until: 20n * ms })

    expect(seen).toEqual([10n * ms + 5n * us])
    expect(result.events).toBe(1)
  })

  test('ends when nothing waits where no end is given', () => {
    const machine = new Machine('pc')
    machine.at(5n, () => machine.after(6n, () => {}))

    expect(machine.run()).toMatchObject({ ended: 'idle', cause: undefined, events: 2, now: 11n })
  })

  test('stops behind the event that asks for it and can be run on', () => {
    const machine = new Machine('pc')
    machine.at(5n, () => machine.stop('breakpoint'))
    machine.at(5n, () => {})

    const first = machine.run({ until: 10n })
    const second = machine.run({ until: 10n })

    expect(first).toMatchObject({ ended: 'stopped', cause: 'breakpoint', events: 1, now: 5n })
    expect(second).toMatchObject({ ended: 'until', cause: undefined, events: 1, now: 10n })
  })

  test('lets an error of an event through and can be run on', () => {
    const machine = new Machine('pc')
    machine.at(5n, () => {
      throw new Error('broken device')
    })
    machine.at(6n, () => {})

    expect(() => machine.run({ until: 10n })).toThrow('broken device')

    expect(machine.now).toBe(5n)
    expect(machine.run({ until: 10n }).events).toBe(1)
  })

  test('refuses to run into the past, past the end of time, and from inside an event', () => {
    const machine = new Machine('pc')
    machine.run({ until: 10n })
    machine.at(11n, () => machine.run({ until: 12n }))

    expect(() => machine.run({ until: 9n })).toThrow("machine 'pc' cannot run until 9: it is 10 already")
    expect(() => machine.run({ until: 2n ** 53n })).toThrow(expect.objectContaining({ code: 'time.tick' }))
    expect(() => machine.run({ until: 11n })).toThrow(expect.objectContaining({ code: 'machine.running' }))
    expect(() => machine.at(9n, () => {})).toThrow(expect.objectContaining({ code: 'time.past' }))
  })

  test('tells who waits for whom where nothing happens any more', () => {
    const machine = new Machine('pc')
    const wait = machine.waits.begin('dma', 'iommu', 'a translation')
    machine.waits.begin('iommu', 'dma', 'its completion')
    machine.at(5n, () => {})

    expect(machine.run({ until: 4n }).blocked).toBeUndefined()
    const blocked = machine.run({ until: 10n }).blocked
    wait.end()

    expect(blocked).toEqual(['deadlock: dma waits for iommu (a translation), iommu waits for dma (its completion)'])
    expect(machine.run().blocked).toEqual(['iommu waits for dma (its completion)'])
  })

  test('is no deadlock where somebody stopped it, and may end at the present instant', () => {
    const machine = new Machine('pc')
    machine.waits.begin('dma', 'iommu', 'a translation')
    machine.at(5n, () => machine.stop('enough'))

    expect(machine.run()).not.toHaveProperty('blocked')
    machine.at(5n, () => {})

    expect(machine.run({ until: 5n })).toMatchObject({ ended: 'until', events: 1, now: 5n })
  })

  test('tells how far it has come, every 1,024 events', () => {
    const machine = new Machine('pc')
    const progress: unknown[] = []
    machine.events.on('progress', (...args) => progress.push(args))
    machine.at(0n, (event) => machine.now < 2_500n && machine.queue.schedule(event, machine.queue.now + 1))

    machine.run({ onProgress: (events) => progress.push(events) })

    expect(progress).toEqual([[1024, 1023n], 1024, [2048, 2047n], 2048])
  })

  test('ends as a livelock after as many events at one instant as the machine allows, with their names', () => {
    const machine = new Machine('pc', { maxAtOneInstant: 3 })
    const spin: SimEvent = machine.event('spin', () => machine.queue.schedule(spin, machine.queue.now))
    machine.queue.schedule(spin, 7)

    expect(() => machine.run()).toThrow('3 events happened at 7 and more wait for it: pc spin')

    expect(() => new Machine('pc', { maxAtOneInstant: 0 })).toThrow('cannot stop after 0 events')
    expect(() => new Machine('pc', { maxAtOneInstant: Number.NaN })).toThrow('cannot stop after NaN events')
  })

  test.each([-1, Number.NaN])('is refused for %d events', (events) => {
    const machine = new Machine('pc')

    expect(() => machine.run({ events })).toThrow(`machine 'pc' cannot run for ${events} events: give 0 or more`)
    expect(machine.run({ events: 0 })).toMatchObject({ ended: 'idle', events: 0 })
  })

  test('ends after as many events as were asked for, at their instant, and tells the hash of all so far', () => {
    const whole = new Machine('pc')
    const cut = new Machine('pc')
    for (const machine of [whole, cut]) for (let time = 1n; time <= 4n; time++) machine.at(time, () => {})

    const first = cut.run({ until: 9n, events: 3 })
    const second = cut.run({ until: 9n, events: 1 })

    expect([first.ended, first.events, first.now]).toEqual(['events', 3, 3n])
    expect([second.ended, second.events, second.now]).toEqual(['until', 1, 9n])
    expect(first.fingerprint).not.toBe(second.fingerprint)
    expect(second.fingerprint).toBe(whole.run().fingerprint)
  })
})

test('dirty tracking that ends between two runs ends with the next one, and in a run at once (DL-10)', () => {
  const machine = new Machine('pc')
  const { tracking } = machine.memory.dirtyLog
  const reasons: number[] = []
  tracking.start(TrackingReason.migration)
  tracking.start(TrackingReason.dirtyRate)
  machine.at(1n, () => tracking.stop(TrackingReason.dirtyRate))
  machine.at(1n, () => reasons.push(tracking.reasons))
  machine.at(2n, () => machine.run())
  machine.at(3n, () => {
    expect(() => machine.run()).toThrow(expect.objectContaining({ code: 'machine.running' }))
    reasons.push(Number(tracking.isRunning))
  })
  machine.at(5n, () => reasons.push(tracking.reasons))

  machine.run({ until: 1n })
  tracking.stop(TrackingReason.migration)
  reasons.push(tracking.reasons)
  expect(() => machine.run()).toThrow(expect.objectContaining({ code: 'machine.running' }))
  machine.run()

  expect(reasons).toEqual([TrackingReason.migration, TrackingReason.migration, 1, 0])
})
