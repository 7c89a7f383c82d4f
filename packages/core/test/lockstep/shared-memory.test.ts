import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { restoreDomain, saveDomain } from '../../src/lockstep/domain-state.ts'
import { SharedMemory } from '../../src/lockstep/shared-memory.ts'
import { at, LockstepOf, wire } from './lockstep-of.ts'

const NAMES = ['a', 'b', 'c']
const SIZE = 24
const LATENCIES = [40, 55, 70]
const LINKS = [wire(40n, 'a', 'b'), wire(55n, 'a', 'c'), wire(70n, 'b', 'c')]

interface Planned {
  readonly time: number
  readonly domain: number
  readonly offset: number
  readonly length: number
}

const planned = fc.array(
  fc.record({
    time: fc.integer({ min: 0, max: 300 }),
    domain: fc.nat(2),
    offset: fc.nat(SIZE - 1),
    length: fc.integer({ min: 1, max: 8 }),
  }),
  { maxLength: 40 },
)

/** Three domains with a copy each, which write what is planned; every write has a value of its own. */
function scene(writes: readonly Planned[], quantum?: bigint): { lockstep: LockstepOf; memories: SharedMemory[] } {
  const memories: SharedMemory[] = []
  const compose = (number: number) => (domain: Parameters<typeof at>[0]) => {
    const memory = new SharedMemory(SIZE, domain.channels)
    memories[number] = memory
    writes.forEach((write, index) => {
      if (write.domain === number) at(domain, write.time, () => memory.write(write.offset, bytesOf(write, index)))
    })
    return undefined
  }
  const domains = Object.fromEntries(NAMES.map((name, number) => [name, compose(number)]))
  return { lockstep: new LockstepOf(LINKS, domains, quantum === undefined ? {} : { quantum }), memories }
}

function bytesOf({ offset, length }: Planned, index: number): Uint8Array {
  return new Uint8Array(Math.min(length, SIZE - offset)).fill(index + 1)
}

/** What `viewer` sees after all events of `now`: all writes that have reached it, the earlier ones first. */
function expected(writes: readonly Planned[], viewer: number, now: number): Uint8Array {
  const memory = new Uint8Array(SIZE)
  const seen = writes
    .map((write, index) => ({ write, index, from: LATENCIES[viewer + write.domain - 1] as number }))
    .filter(({ write, from }) => write.time + (write.domain === viewer ? 0 : from) <= now)
    .sort((p, q) => p.write.time - q.write.time || p.write.domain - q.write.domain || p.index - q.index)
  for (const { write, index } of seen) memory.set(bytesOf(write, index), write.offset)
  return memory
}

describe('a shared memory', () => {
  test.prop([planned, fc.integer({ min: 1, max: 40 }), fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 4 })])(
    'shows each end what has reached it, the later write over the earlier, and all the same in the end',
    (writes, quantum, instants) => {
      const { lockstep, memories } = scene(writes, BigInt(quantum))

      for (const now of [...instants, 500].sort((a, b) => a - b)) {
        lockstep.partition.run(now)
        lockstep.partition.advanceTo(now)
        const seen = memories.map((memory) => memory.read(0, SIZE))
        expect(seen).toEqual([0, 1, 2].map((viewer) => expected(writes, viewer, now)))
      }

      expect(memories[1]?.read(0, SIZE)).toEqual(memories[0]?.read(0, SIZE))
    },
  )

  test.prop([planned, fc.integer({ min: 0, max: 300 })])(
    'goes on when it is saved at any instant',
    (writes, instant) => {
      const before = scene(writes)
      before.lockstep.partition.run(instant)
      before.lockstep.partition.advanceTo(instant)
      const states = structuredClone(before.lockstep.partition.domains.map(saveDomain))
      const { lockstep, memories } = scene(writes)

      lockstep.partition.domains.forEach((domain, number) => {
        restoreDomain(domain, states[number] as (typeof states)[number])
      })
      lockstep.partition.run(500)

      expect(memories[2]?.read(0, SIZE)).toEqual(expected(writes, 2, 500))
    },
  )

  test('writes of many messages arrive whole', () => {
    const bytes = Uint8Array.from({ length: 2000 }, (_, index) => index * 7)
    const memories: SharedMemory[] = []
    const compose = (domain: Parameters<typeof at>[0]) => {
      memories.push(new SharedMemory(2000, domain.channels))
      return undefined
    }
    const lockstep = new LockstepOf([wire(5n)], { a: compose, b: compose }, { ringBytes: 1024 })
    const [here, there] = memories as [SharedMemory, SharedMemory]

    here.write(0, bytes)
    lockstep.partition.run(5)

    expect(there.read(0, 2000)).toEqual(bytes)
    expect(() => here.write(1999, bytes.subarray(0, 2))).toThrow(
      expect.objectContaining({ code: 'lockstep.memory-range' }),
    )
    expect(() => here.read(0, -1)).toThrow(expect.objectContaining({ code: 'lockstep.memory-range' }))
    expect(() => here.read(0, 1.5)).toThrow(expect.objectContaining({ code: 'lockstep.memory-range' }))
    expect(() => here.read(-1, 1)).toThrow('1 bytes from -1 on are not in a shared memory of 2000 bytes')
  })

  test('keeps what was written, not the bytes that it was written from', () => {
    const bytes = Uint8Array.of(5)
    const memories: SharedMemory[] = []
    const lockstep = new LockstepOf([wire(5n)], {
      a: (domain) => {
        const memory = new SharedMemory(1, domain.channels)
        memories.push(memory)
        at(domain, 3, () => memory.write(0, bytes))
        at(domain, 4, () => bytes.fill(9))
        return undefined
      },
      b: (domain) => {
        const memory = new SharedMemory(1, domain.channels)
        at(domain, 1, () => memory.write(0, Uint8Array.of(1)))
        return undefined
      },
    })

    lockstep.partition.run(100)

    // The earlier write has arrived later, and the later one lies over it again.
    expect(memories[0]?.read(0, 1)).toEqual(Uint8Array.of(5))
  })

  test('that is smaller at the other end is refused where a write leads over its end, naming both', () => {
    const lockstep = new LockstepOf([wire(5n)], {
      a: (domain) => {
        const memory = new SharedMemory(16, domain.channels)
        at(domain, 1, () => memory.write(8, new Uint8Array(8)))
        at(domain, 2, () => memory.write(15, new Uint8Array(1)))
        return undefined
      },
      b: (domain) => void new SharedMemory(15, domain.channels) as undefined,
    })

    expect(() => lockstep.partition.run(100)).toThrow(
      "domain 'b' has failed at 6: 'a' has written to byte 15 of the memory that it shares with 'b' by link 'a-b', which has 15 bytes at 'b'",
    )
  })

  test.each([0, -1, 1.5, 2 ** 33, Number.NaN])('cannot have %d bytes, nor be without channels', (size) => {
    const lockstep = new LockstepOf([wire(5n)], { a: () => undefined, b: () => undefined })

    expect(() => new SharedMemory(size, lockstep.domain('a').channels)).toThrow(
      `cannot have ${size} bytes and 1 channels`,
    )
    expect(() => new SharedMemory(8, [])).toThrow(expect.objectContaining({ code: 'lockstep.memory' }))
  })
})
