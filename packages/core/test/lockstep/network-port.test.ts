import { describe, expect, test } from 'vitest'
import { restoreDomain, saveDomain } from '../../src/lockstep/domain-state.ts'
import { NetworkPort } from '../../src/lockstep/network-port.ts'
import { at, LockstepOf, wire } from './lockstep-of.ts'

/** `a` sends frames of 1,000 bytes to `b` as fast as it may, on a link of 1 byte a tick and a latency of 500. */
function scene(count: number): { lockstep: LockstepOf; log: string[] } {
  const log: string[] = []
  const lockstep = new LockstepOf([wire(500n)], {
    a: (domain) => {
      const port = new NetworkPort(domain.channel('a-b'), { bitsPerSecond: 8_000_000_000n, queueBytes: 2500 })
      const state = { left: count }
      const sendAll = (): void => {
        while (state.left > 0) {
          const sent = port.send(new Uint8Array(1000).fill(state.left))
          log.push(`${domain.queue.now} ${sent ? 'sends' : 'is refused'} ${state.left}`)
          if (!sent) return
          state.left--
        }
      }
      port.onRoom = sendAll
      at(domain, 100, sendAll)
      return { save: () => ({ ...state }), restore: (saved) => void Object.assign(state, saved) }
    },
    b: (domain) => {
      const port = new NetworkPort(domain.channel('a-b'), { bitsPerSecond: 1n })
      port.onFrame = (frame) => log.push(`${domain.queue.now} gets ${frame[0]}, ${frame.length} bytes`)
      return undefined
    },
  })
  return { lockstep, log }
}

describe('a network port', () => {
  test('sends frames one after the other, each a latency behind its last bit, and holds back who sends too much', () => {
    const { lockstep, log } = scene(4)

    expect(lockstep.partition.run(1e6)).toBe('idle')

    expect(log.filter((line) => !line.includes('gets'))).toEqual([
      '100 sends 4',
      '100 sends 3',
      '100 is refused 2',
      '1100 sends 2',
      '1100 is refused 1',
      '2100 sends 1',
    ])
    expect(log.filter((line) => line.includes('gets'))).toEqual([
      '1600 gets 4, 1000 bytes',
      '2600 gets 3, 1000 bytes',
      '3600 gets 2, 1000 bytes',
      '4600 gets 1, 1000 bytes',
    ])
  })

  test('saved with frames on the wire and one refused, goes on elsewhere as if it had not been', () => {
    const whole = scene(6)
    whole.lockstep.partition.run(1e6)

    for (const instant of [0, 100, 1099, 1100, 1600, 2599, 5000]) {
      const before = scene(6)
      before.lockstep.partition.run(instant)
      before.lockstep.partition.advanceTo(instant)
      const states = structuredClone(before.lockstep.partition.domains.map(saveDomain))
      const after = scene(6)
      after.lockstep.partition.domains.forEach((domain, number) => {
        restoreDomain(domain, states[number] as (typeof states)[number])
      })
      after.lockstep.partition.run(1e6)

      expect([...before.log, ...after.log].sort()).toEqual([...whole.log].sort())
      expect(after.lockstep.fingerprints).toEqual(whole.lockstep.fingerprints)
    }
  })

  test.each([
    [100, 1000],
    [1000, 100],
  ])('tells of the first room that one of two refused frames has, of %i and of %i bytes', (...lengths) => {
    const rooms: number[] = []
    const lockstep = new LockstepOf([wire(500n)], {
      a: (domain) => {
        const port = new NetworkPort(domain.channel('a-b'), { bitsPerSecond: 8_000_000_000n, queueBytes: 1000 })
        const send = (length: number): boolean => port.send(new Uint8Array(length))
        port.onRoom = () => rooms.push(domain.queue.now)
        at(domain, 10, () => [100, 900, ...lengths].map(send))
        return undefined
      },
      b: (domain) => void new NetworkPort(domain.channel('a-b'), { bitsPerSecond: 1n }) as undefined,
    })

    lockstep.partition.run(1e6)

    // The frame of 100 bytes has left by then.
    expect(rooms).toEqual([110])
  })

  test('has no room ever for a frame longer than its queue', () => {
    const { lockstep } = scene(0)
    const port = new NetworkPort(lockstep.domain('a').channel('a-b'), { bitsPerSecond: 1n, queueBytes: 10, port: 7 })

    expect(() => port.send(new Uint8Array(11))).toThrow(
      "from 'a' to 'b', whose queue takes 10 bytes and whose ring 32736: raise queueBytes",
    )
  })

  test('takes no frame that does not go through the ring either, and is not kept busy by it', () => {
    const { lockstep } = scene(0)
    const options = { bitsPerSecond: 8_000_000_000n, port: 7 }
    const port = new NetworkPort(lockstep.domain('a').channel('a-b'), options)

    expect(port.longestFrame).toBe(32_736)
    expect(() => port.send(new Uint8Array(32_737))).toThrow(expect.objectContaining({ code: 'lockstep.frame-size' }))
    expect(port.save()).toEqual({ end: 0, rest: 0, waiting: [] })
    expect(port.send(new Uint8Array(32_736))).toBe(true)
  })
})
