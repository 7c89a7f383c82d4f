import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { LadderQueue } from '../../src/time/ladder-queue.ts'
import { LAST_TICK } from '../../src/time/tick.ts'

/** How many scenarios are tried; raised by the environment for a long search. */
const RUNS = Number(process.env.HOSTBRIDGE_LADDER_RUNS ?? 60)

interface Entry {
  slot: number
  time: number
  rank: number
  sequence: number
}

const compare = (a: Entry, b: Entry): number => a.time - b.time || a.rank - b.rank || a.sequence - b.sequence

/** A ladder beside an array that is kept sorted, and what the ladder was seen to be made of. */
class Pair {
  readonly ladder = new LadderQueue()
  readonly sorted: Entry[] = []
  readonly seen = { rungs: 0, instants: 0, small: false, large: false, rebuilt: 0 }
  operations = 0
  now = 0
  #sequence = 0

  insert(time: number, rank: number, sequence: number = this.#sequence++): void {
    this.#sort({ slot: this.ladder.insert(time, rank, sequence), time, rank, sequence })
    this.#note()
  }

  take(): void {
    const expected = this.sorted.shift()
    expect(this.ladder.earliest).toBe(expected?.time ?? Number.POSITIVE_INFINITY)
    if (expected === undefined) return
    this.now = expected.time
    expect(this.ladder.takeFirst()).toBe(expected.slot)
    this.ladder.release(expected.slot)
    this.#note()
  }

  remove(which: number): void {
    const [entry] = this.sorted.splice(which % Math.max(1, this.sorted.length), 1)
    if (entry !== undefined) {
      this.ladder.remove(entry.slot)
      this.ladder.release(entry.slot)
    }
    this.#note()
  }

  change(which: number, time: number): void {
    const [entry] = this.sorted.splice(which % Math.max(1, this.sorted.length), 1)
    if (entry === undefined) return
    entry.time = time
    entry.sequence = this.#sequence++
    this.ladder.change(entry.slot, time, entry.sequence)
    this.#sort(entry)
    this.#note()
  }

  drain(): void {
    expect([...this.ladder.entries()].sort()).toEqual(this.sorted.map(({ slot }) => slot).sort())
    while (this.sorted.length > 0) this.take()
    this.take()
    expect(this.ladder.shape).toMatchObject({ rungs: 0, instants: 0, bottom: 0, small: true })
  }

  #sort(entry: Entry): void {
    let low = 0
    for (let high = this.sorted.length; low < high; ) {
      const middle = (low + high) >> 1
      if (compare(this.sorted[middle] as Entry, entry) < 0) low = middle + 1
      else high = middle
    }
    this.sorted.splice(low, 0, entry)
  }

  #note(): void {
    this.operations++
    const { rungs, instants, small, rebuilt } = this.ladder.shape
    this.seen.rungs = Math.max(this.seen.rungs, rungs)
    this.seen.instants = Math.max(this.seen.instants, instants)
    if (small) this.seen.small = true
    else this.seen.large = true
    this.seen.rebuilt = rebuilt
    if (this.ladder.size !== this.sorted.length) expect(this.ladder.size).toBe(this.sorted.length)
  }
}

/** Draws delays: all at one instant, close together, far apart, in two clusters, or over all powers of two. */
const delays: Record<string, (random: number) => number> = {
  instant: () => 0,
  near: (random) => random % 5,
  spread: (random) => random % 100_000,
  clusters: (random) => (random & 1 ? random % 50 : 2 ** 50 + (random % 50)),
  powers: (random) => 2 ** (random % 52) + (random % 3),
  falling: (random) => 1e9 - (random % 1000) * 1e6,
}

const step = fc.record({
  does: fc.constantFrom('insert', 'insert', 'take', 'hold', 'hold', 'remove', 'change', 'peek'),
  times: fc.constantFrom(...Object.keys(delays)),
  count: fc.oneof({ weight: 3, arbitrary: fc.nat(12) }, { weight: 1, arbitrary: fc.nat(200) }),
  ranks: fc.constantFrom(1, 1, 3, 40),
  seed: fc.integer({ min: 1 }),
})

function perform(
  pair: Pair,
  { does, times, count, ranks, seed }: { [K in keyof typeof fields]: (typeof fields)[K] },
): void {
  let state = seed
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 4) ^ (state & 0xff)
  }
  const time = (): number => Math.min(LAST_TICK, pair.now + (delays[times] as (random: number) => number)(random()))
  for (let turn = 0; turn < count; turn++) {
    if (does === 'insert') pair.insert(time(), random() % ranks)
    else if (does === 'take') pair.take()
    else if (does === 'remove') pair.remove(random())
    else if (does === 'change') pair.change(random(), time())
    else if (does === 'peek') {
      pair.insert(time(), 0)
      expect([pair.ladder.earliest, pair.ladder.first]).toEqual([pair.sorted[0]?.time, pair.sorted[0]?.slot])
    } else {
      pair.take()
      pair.insert(time(), random() % ranks)
    }
  }
}
const fields = { does: '', times: '', count: 0, ranks: 0, seed: 0 }

describe('LadderQueue', () => {
  const seen: Pair['seen'][] = []
  let operations = 0

  test.prop({ steps: fc.array(step, { minLength: 1, maxLength: 60 }) }, { numRuns: RUNS })(
    'agrees with a sorted array, whatever it is made of',
    ({ steps }) => {
      const pair = new Pair()

      for (const each of steps) perform(pair, each)

      seen.push(pair.seen)
      operations += pair.operations
      pair.drain()
    },
  )

  test('was small, large, of several rungs and of instants in that comparison', () => {
    expect(seen.some(({ small }) => small)).toBe(true)
    expect(seen.some(({ large }) => large)).toBe(true)
    expect(Math.max(...seen.map(({ rungs }) => rungs))).toBeGreaterThan(3)
    expect(Math.max(...seen.map(({ instants }) => instants))).toBeGreaterThan(0)
    expect(operations).toBeGreaterThan(RUNS * 100)
  })

  test('is spread anew where ever earlier entries would pile up rungs', () => {
    const pair = new Pair()

    // Each round fills the bottom before all that is there, and a look at the front takes the next bucket out.
    for (let round = 0; round < 60; round++) {
      for (let each = 0; each < 70; each++) pair.insert(1e12 - round * 1e9 + each * 1e6, 0)
      expect(pair.ladder.earliest).toBe(pair.sorted[0]?.time)
    }

    expect(pair.seen.rebuilt).toBeGreaterThan(0)
    pair.drain()
  })

  test('keeps a burst of mixed ranks in order while more of it comes, goes and is taken', () => {
    const pair = new Pair()
    for (let each = 0; each < 300; each++) pair.insert(7, each % 5)
    pair.take()

    for (let each = 0; each < 400; each++) {
      pair.insert(7, each % 7)
      if (each % 3 === 0) pair.remove(each * 31)
      if (each % 4 === 0) pair.take()
    }
    for (let each = 0; each < 50; each++) pair.insert(7, 3, -1 - each)

    expect(pair.seen.instants).toBe(1)
    pair.drain()
  })

  test('takes out of the top what was moved there when others were taken out', () => {
    const pair = new Pair()
    for (let each = 0; each < 200; each++) pair.insert(each * 1000, 0)
    for (let each = 0; each < 100; each++) pair.insert(1e9 + each * 1000, 0)

    for (let each = 0; each < 80; each++) pair.remove(205 + ((each * 31) % 40))

    pair.drain()
  })

  test('takes what is later than an instant, between it and what lay above', () => {
    const pair = new Pair()
    for (let each = 0; each < 200; each++) pair.insert(1e6 + (each % 2) * 1e9, 0)
    pair.take()
    pair.insert(1e6 + 1, 0)
    pair.insert(1e6 + 5e8, 0)
    pair.insert(3e9, 0)

    expect(pair.ladder.shape.instants).toBe(1)
    pair.drain()
  })

  test('takes what comes first of an instant that is being taken, though the bucket that it came from is still there', () => {
    const pair = new Pair()
    for (let each = 0; each < 200; each++) pair.insert(1e6 + (each % 2) * 1e9, 5)
    pair.take()

    pair.insert(1e6, 3)

    expect(pair.ladder.shape.instants).toBe(1)
    pair.drain()
  })

  test('gives up what came before all that is left of an instant, and keeps that in order when it is too much', () => {
    const pair = new Pair()
    for (let each = 0; each < 300; each++) pair.insert(7, 5)
    pair.take()
    pair.insert(7, 3)
    pair.remove(0)

    for (let each = 0; each < 30; each++) pair.insert(7, 1)

    expect(pair.ladder.shape.instants).toBe(1)
    pair.remove(100)
    pair.remove(20)
    pair.drain()
  })

  test('takes at its time what comes between a burst that was put before all else and what lay above', () => {
    const pair = new Pair()
    for (let each = 0; each < 200; each++) pair.insert(1e6 + each * 1e3, 0)
    pair.take()
    while (pair.ladder.shape.bottom > 0) pair.take()
    // No look at the front: that would take the next bucket out.
    for (let each = 0; each < 100; each++) pair.insert(pair.now, 0)

    for (const later of [1, 2, 1, 3]) pair.insert(pair.now + later, 0)

    expect(pair.ladder.shape.instants).toBe(1)
    pair.drain()
  })

  test('reuses slots, so that they stay below the most entries there were', () => {
    const ladder = new LadderQueue()
    let most = 0

    for (let round = 0; round < 2000; round++) {
      most = Math.max(most, ladder.insert(round * 1000, 0, round), ladder.insert(round * 1000 + 5, 0, round))
      const { first } = ladder
      ladder.remove(first)
      ladder.release(first)
      expect(ladder.earliest).toBe(round * 1000 + 5)
      ladder.release(ladder.takeFirst())
    }

    expect(most).toBe(1)
  })

  test('is small again when everything was removed, and after it was cleared', () => {
    const pair = new Pair()
    for (const round of [1, 2]) {
      for (let each = 0; each < 500; each++) pair.insert(pair.now + each * round * 1000, each % 3)
      pair.take()
      while (pair.sorted.length > 0) pair.remove(pair.sorted.length * 7)
      expect(pair.ladder.shape).toMatchObject({ rungs: 0, instants: 0, bottom: 0, small: true })
    }

    for (let each = 0; each < 500; each++) pair.insert(pair.now + each * 1000, 0)
    pair.take()
    pair.ladder.clear()
    pair.sorted.length = 0
    pair.now = 0
    for (let each = 0; each < 500; each++) pair.insert(each * 1000, 0)

    pair.drain()
  })
})
