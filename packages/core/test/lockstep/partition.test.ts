import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { Barrier } from '../../src/lockstep/barrier.ts'
import { Board } from '../../src/lockstep/board.ts'
import { at, LockstepOf, wire } from './lockstep-of.ts'

interface Hop {
  readonly time: number
  readonly from: number
  readonly delay: number
  readonly priority: number
}

const NAMES = ['a', 'b', 'c']
const LATENCY = 15

/** Three domains that send what is planned; `seen` is what each receives. */
function scene(hops: readonly Hop[], quantum: number, ringBytes: number): { lockstep: LockstepOf; seen: string[][] } {
  const seen: string[][] = [[], [], []]
  const links = [wire(15n, 'a', 'b'), wire(15n, 'b', 'c'), wire(15n, 'c', 'a')]
  const domains = NAMES.map((name, number) => [
    name,
    (domain: Parameters<typeof at>[0]) => {
      for (const channel of domain.channels) {
        channel.listen(0, ({ time, payload }) => seen[number]?.push(`${payload[0]} at ${time}`))
      }
      hops.forEach((hop, index) => {
        if (hop.from !== number) return
        at(domain, hop.time, () => {
          for (const channel of domain.channels) {
            const options = { at: hop.time + LATENCY + hop.delay, priority: hop.priority }
            channel.send(0, new Uint8Array(100).fill(index), options)
          }
        })
      })
      return undefined
    },
  ])
  return { lockstep: new LockstepOf(links, Object.fromEntries(domains), { quantum: BigInt(quantum), ringBytes }), seen }
}

/** The same by hand: all messages to a domain in the order of time, priority, sender and turn. */
function expected(hops: readonly Hop[]): string[][] {
  const turns = hops.map((hop, index) => ({ ...hop, index })).sort((p, q) => p.time - q.time || p.index - q.index)
  return NAMES.map((_, number) =>
    turns
      .filter(({ from }) => from !== number)
      .map((hop, turn) => ({ ...hop, turn, arrival: hop.time + LATENCY + hop.delay }))
      .sort((p, q) => p.arrival - q.arrival || p.priority - q.priority || p.from - q.from || p.turn - q.turn)
      .map(({ index, arrival }) => `${index} at ${arrival}`),
  )
}

const hop = fc.record({
  time: fc.nat(100),
  from: fc.nat(2),
  delay: fc.nat(20),
  priority: fc.integer({ min: -2, max: 2 }),
})

describe('domains in windows', () => {
  test.prop([fc.array(hop, { maxLength: 60 }), fc.integer({ min: 1, max: LATENCY }), fc.constantFrom(1024, 65536)])(
    'receive all messages in the order of time, priority, sender and turn, for any quantum and ring',
    (hops, quantum, ringBytes) => {
      const { lockstep, seen } = scene(hops, quantum, ringBytes)

      expect(lockstep.partition.run(1000)).toBe('idle')

      expect(seen).toEqual(expected(hops))
    },
  )

  test('wait until a window with more messages than the rings hold has passed through them', () => {
    // 7 of them fit at a time, and they arrive at the next tick after the window.
    const hops = Array.from({ length: 50 }, (_, index) => ({ time: 3, from: index % 3, delay: 0, priority: 0 }))
    const { lockstep, seen } = scene(hops, LATENCY, 1024)
    at(lockstep.domain('a'), 4, () => {})
    at(lockstep.domain('b'), 18, () => {})
    at(lockstep.domain('c'), 40, () => {})

    lockstep.partition.run(1000)

    expect(seen).toEqual(expected(hops))
  })

  test('are not run past the last tick, and go on from there', () => {
    const { lockstep, seen } = scene([{ time: 3, from: 0, delay: 0, priority: 0 }], 10, 1024)

    expect(lockstep.partition.run(17)).toBe('until')
    lockstep.partition.advanceTo(17)
    expect(seen).toEqual([[], [], []])
    expect(lockstep.partition.run(18)).toBe('idle')

    expect(seen).toEqual([[], ['0 at 18'], ['0 at 18']])
    expect(lockstep.partition.domains.map(({ queue }) => queue.now)).toEqual([17, 18, 18])
  })

  test('pause between two windows when they are asked to, and lose nothing', () => {
    const { lockstep, seen } = scene([{ time: 3, from: 0, delay: 0, priority: 0 }], 1, 1024)
    const ticking = lockstep.domain('b')
    for (let tick = 0; tick < 40; tick++) at(ticking, tick, () => {})
    let asked = 0
    let pauses = 0

    while (lockstep.partition.run(100, () => ++asked % 2 === 0) === 'paused') pauses++

    expect(pauses).toBe(2)
    expect(lockstep.partition.events).toBe(43)
    expect(seen[2]).toEqual(['0 at 18'])
  })

  test('stop after the window in which one of them wants to', () => {
    const { lockstep } = scene([], 10, 1024)
    const [a, b] = [lockstep.domain('a'), lockstep.domain('b')]
    at(a, 5, () => a.stop('enough'))
    at(b, 14, () => {})
    at(b, 15, () => {})

    expect(lockstep.partition.run(100)).toBe('stopped')
    expect([b.queue.now, a.stopCause]).toEqual([14, 'enough'])
    expect(lockstep.partition.run(100)).toBe('stopped')
    lockstep.partition.clearStops()
    expect(lockstep.partition.run(100)).toBe('idle')
  })

  test('come to the end of a window in which one fails, and the earliest failure is told', () => {
    const { lockstep } = scene([], 10, 1024)
    const seen: number[] = []
    const fail = (name: string, time: number): void => {
      at(lockstep.domain(name), time, () => {
        throw new Error(`failure at ${time}`)
      })
    }
    fail('a', 7)
    fail('b', 6)
    fail('c', 9)
    at(lockstep.domain('c'), 8, () => seen.push(8))

    expect(() => lockstep.partition.run(100)).toThrow("domain 'b' has failed at 6: failure at 6")
    expect(seen).toEqual([8])
  })

  test('may not run themselves past the end of a window', () => {
    const { lockstep } = scene([], 10, 1024)
    const { queue } = lockstep.domain('a')
    at(lockstep.domain('a'), 7, () => queue.serviceOne())
    at(lockstep.domain('a'), 16, () => {})
    at(lockstep.domain('b'), 17, () => {})

    expect(lockstep.partition.run(16)).toBe('until')
    at(lockstep.domain('a'), 17, () => queue.serviceOne())
    at(lockstep.domain('a'), 27, () => {})

    expect(() => lockstep.partition.run(100)).toThrow(
      "domain 'a' has failed at 27: domain 'a' has come to 27 in a window that ends before 27",
    )
  })

  test('tell of a failure by something that has no text', () => {
    const { lockstep } = scene([], 10, 1024)
    at(lockstep.domain('a'), 7, () => {
      throw Object.create(null)
    })

    expect(() => lockstep.partition.run(100)).toThrow("domain 'a' has failed at 7: it has thrown what has no text")
  })

  test('tell of a failure before the window has ended, and of one that is earlier again', () => {
    const { lockstep } = scene([], 10, 1024)
    const told: string[] = []
    const fail = (name: string, time: number): void => {
      at(lockstep.domain(name), time, () => {
        told.push(`${name} fails`)
        throw new Error('a failure')
      })
    }
    fail('a', 7)
    fail('b', 6)
    fail('c', 6)

    expect(() => lockstep.partition.run(100, undefined, ({ message }) => told.push(message))).toThrow("'b'")
    expect(told).toEqual([
      'a fails',
      "domain 'a' has failed at 7: a failure",
      'b fails',
      "domain 'b' has failed at 6: a failure",
      'c fails',
    ])
  })

  test('note each event before it happens, for whoever watches', () => {
    const lockstep = new LockstepOf([wire(20n)], { a: () => undefined, b: () => undefined })
    const board = new Board(lockstep.memory.board)
    const noted: unknown[] = []
    at(lockstep.domain('a'), 5, () => noted.push(board.noted(0)))
    at(lockstep.domain('b'), 4, () => noted.push(board.noted(0)))
    at(lockstep.domain('b'), 9, () => noted.push(board.noted(0)))

    lockstep.partition.run(100)

    expect(noted).toEqual([
      { time: 5, domain: 0 },
      { time: 4, domain: 1 },
      { time: 9, domain: 1 },
    ])
  })

  test('tell of their failure also where the barrier is broken before they have left it', () => {
    const lockstep = new LockstepOf([], { a: () => undefined })
    at(lockstep.domain('a'), 5, () => {
      Barrier.break(lockstep.memory.barrier)
      throw new Error('a failure')
    })

    expect(() => lockstep.partition.run(100)).toThrow("domain 'a' has failed at 5: a failure")
  })

  test('end as broken where the barrier is broken and nothing has failed here', () => {
    const lockstep = new LockstepOf([], { a: () => undefined })
    at(lockstep.domain('a'), 5, () => Barrier.break(lockstep.memory.barrier))

    expect(lockstep.partition.run(100)).toBe('broken')
  })
})
