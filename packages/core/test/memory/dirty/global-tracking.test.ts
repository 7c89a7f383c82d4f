import { describe, expect, test } from 'vitest'
import { container, MemorySystem, ram, TrackingReason } from '../../../src/memory/index.ts'
import { LoggingListener } from './logging-listener.ts'

/** Four pages of RAM with the listeners `low` (priority 0) and `high` (priority 10). */
function scene() {
  const system = new MemorySystem('machine')
  const root = container('root')
  root.add(ram('R', 0x4000n), 0n)
  const space = system.createSpace('memory', root)
  const log: string[] = []
  const [low, high] = [new LoggingListener('low', log, 0), new LoggingListener('high', log, 10)]
  for (const listener of [low, high]) space.register(listener)
  const { tracking } = system.dirtyLog
  return { system, space, log, low, high, tracking }
}

const { migration, dirtyRate, dirtyLimit } = TrackingReason

describe('GlobalTracking', () => {
  test('tells all listeners ascending, then has every range logged by a commit (DL-9, DL-1)', () => {
    const { log, tracking } = scene()

    tracking.start(migration)

    expect(log).toEqual([
      ...['low global start', 'high global start'],
      ...['low start R[0..4) @0 0>4', 'high start R[0..4) @0 0>4'],
    ])
  })

  test('ignores reasons that are there, and tells nobody of further ones (DL-9)', () => {
    const { log, tracking } = scene()
    tracking.start(migration)
    log.length = 0

    tracking.start(migration)
    tracking.start(migration | dirtyRate)

    expect([log, tracking.reasons]).toEqual([[], migration | dirtyRate])
  })

  test('tells those before a listener that cannot back, in reverse, and is not on (DL-9)', () => {
    const { space, log, low, tracking } = scene()
    const last = new LoggingListener('last', log, 20)
    space.register(last)
    last.refuses = 'its host cannot log'
    low.logGlobalStop = () => log.push('low global stop')

    expect(() => tracking.start(dirtyLimit)).toThrow(
      "'last' cannot log the memory of 'machine': its host cannot log; unregister it, or do without tracking",
    )

    expect(log).toEqual([
      ...['low global start', 'high global start', 'last global start'],
      ...['high global stop', 'low global stop'],
    ])
    expect([tracking.reasons, space.flatView.find(0n)?.dirtyMask]).toEqual([0, 0])
  })

  test('tells back too when a listener throws (DL-9)', () => {
    const { log, high, tracking } = scene()
    high.logGlobalStart = () => {
      throw new Error('broken')
    }

    expect(() => tracking.start(migration)).toThrow('broken')
    expect([log, tracking.reasons]).toEqual([['low global start', 'low global stop'], 0])
  })

  test('ends with the last reason: ranges first, then listeners descending (DL-10)', () => {
    const { log, tracking } = scene()
    tracking.start(migration | dirtyRate)
    log.length = 0

    tracking.stop(migration)
    const early = log.splice(0)
    tracking.stop(dirtyRate)

    expect(early).toEqual([])
    expect(log).toEqual([
      ...['high stop R[0..4) @0 4>0', 'low stop R[0..4) @0 4>0'],
      ...['high global stop', 'low global stop'],
    ])
  })

  test('postpones its end while the machine stands still, until it runs (DL-10)', () => {
    const { log, tracking } = scene()
    tracking.start(migration | dirtyRate)
    tracking.setRunning(false)
    log.length = 0

    tracking.stop(migration)
    tracking.stop(dirtyRate)
    const still = [tracking.reasons, log.length, tracking.isRunning]
    tracking.setRunning(true)

    expect(still).toEqual([3, 0, false])
    expect([tracking.reasons, log.length]).toEqual([0, 4])
  })

  test('carries each postponed end out once (DL-10)', () => {
    const { tracking } = scene()
    const pauseToStop = (reason: number) => {
      tracking.setRunning(false)
      tracking.stop(reason)
      tracking.setRunning(true)
    }
    tracking.start(migration | dirtyRate)

    pauseToStop(migration)
    tracking.start(migration)
    pauseToStop(dirtyRate)

    expect(tracking.reasons).toBe(migration)
  })

  test('goes on when a start of the same reason calls the postponed end off (DL-10)', () => {
    const { log, tracking } = scene()
    tracking.start(migration)
    tracking.setRunning(false)
    tracking.stop(migration)
    log.length = 0

    tracking.start(migration)
    tracking.setRunning(true)

    expect([log, tracking.reasons]).toEqual([[], migration])
  })

  test('carries a postponed end out before another reason starts (DL-10)', () => {
    const { log, tracking } = scene()
    tracking.start(migration)
    tracking.setRunning(false)
    tracking.stop(migration)
    log.length = 0

    tracking.start(dirtyRate)

    expect(log.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      ...['high stop', 'low stop', 'high global', 'low global'],
      ...['low global', 'high global', 'low start', 'high start'],
    ])
    expect(tracking.reasons).toBe(dirtyRate)
  })

  test('throws for reasons that nobody knows, and for the end of what has not begun (DL-9)', () => {
    const { tracking } = scene()
    tracking.start(migration)

    expect(() => tracking.start(8)).toThrow("reasons 8 to track the memory of 'machine' are not known")
    expect(() => tracking.start(0)).toThrow(expect.objectContaining({ code: 'memory.tracking' }))
    expect(() => tracking.stop(dirtyRate)).toThrow("reasons 2 to track the memory of 'machine' are not in force")
  })

  test('is told to a listener that comes late, before its sections (LR-2)', () => {
    const { space, log, tracking } = scene()
    tracking.start(migration)
    log.length = 0

    space.register(new LoggingListener('late', log))

    expect(log).toEqual(['late global start', 'late start R[0..4) @0 0>4'])
  })

  test('keeps a late listener out that cannot log (LR-2)', () => {
    const { system, space, log, tracking } = scene()
    tracking.start(migration)
    const late = new LoggingListener('late', log)
    late.refuses = 'it cannot'

    expect(() => space.register(late)).toThrow("'late' cannot log the memory of 'machine': it cannot")
    expect(system.listeners).toHaveLength(2)
  })

  test('is not told to a listener that goes (LR-3)', () => {
    const { space, log, low, tracking } = scene()
    tracking.start(migration)
    log.length = 0

    space.unregister(low)

    expect(log).toEqual(['low stop R[0..4) @0 4>0'])
  })
})
