import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { Transmitter } from '../../src/lockstep/transmitter.ts'

/** The same wire in exact fractions: times are multiples of 1 / bitsPerSecond ticks. */
class ExactWire {
  readonly #rate: bigint
  readonly #capacity: number
  #end = 0n
  #waiting: { leaves: bigint; bytes: number }[] = []

  constructor(bitsPerSecond: bigint, capacity: number) {
    this.#rate = bitsPerSecond
    this.#capacity = capacity
  }

  offer(now: number, bytes: number): number | undefined {
    this.#waiting = this.#waiting.filter(({ leaves }) => leaves > BigInt(now))
    if (this.used + bytes > this.#capacity) return undefined
    const start = BigInt(now) * this.#rate
    this.#end = (this.#end > start ? this.#end : start) + BigInt(bytes) * 8_000_000_000n
    const leaves = (this.#end + this.#rate - 1n) / this.#rate
    this.#waiting.push({ leaves, bytes })
    return Number(leaves)
  }

  get used(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  roomAt(now: number, wanted: number): number {
    for (const time of [BigInt(now), ...this.#waiting.map(({ leaves }) => leaves)]) {
      const used = this.#waiting.filter(({ leaves }) => leaves > time).reduce((sum, { bytes }) => sum + bytes, 0)
      if (time >= BigInt(now) && used + wanted <= this.#capacity) return Number(time)
    }
    return Number.NaN
  }
}

const rate = fc.oneof(
  fc.constantFrom(1n, 3n, 9_600n, 33_600n, 10_000_000n, 1_000_000_000n, 25_000_000_000n, 8_000_000_000_001n),
  fc.bigInt({ min: 1n, max: 10n ** 13n }),
)
const frames = fc.array(fc.record({ after: fc.nat(3000), bytes: fc.integer({ min: 0, max: 9000 }) }), { maxLength: 60 })

describe('a transmitter', () => {
  test.prop([rate, frames])('lets frames leave when exact fractions say so', (bitsPerSecond, sent) => {
    const wire = new Transmitter(bitsPerSecond, 30_000)
    const exact = new ExactWire(bitsPerSecond, 30_000)
    let now = 0

    for (const { after, bytes } of sent) {
      now += after
      expect(wire.roomAt(now, bytes)).toBe(exact.roomAt(now, bytes))
      expect(wire.offer(now, bytes)).toBe(exact.offer(now, bytes))
    }
  })

  test.prop([rate, frames, frames])('goes on when it is saved in between', (bitsPerSecond, before, after) => {
    const wire = new Transmitter(bitsPerSecond, 30_000)
    let now = 0
    for (const { after: delay, bytes } of before) {
      now += delay
      wire.offer(now, bytes)
    }

    const other = new Transmitter(bitsPerSecond, 30_000)
    other.restore(structuredClone(wire.save()))

    for (const { after: delay, bytes } of after) {
      now += delay
      expect(other.offer(now, bytes)).toBe(wire.offer(now, bytes))
    }
  })

  test('does not drift: 10,000 frames at 3 bytes each 8 ticks take as long as one of their sum', () => {
    const wire = new Transmitter(3_000_000_000n, 100_000)

    let leaves: number | undefined = 0
    for (let count = 0; count < 10_000; count++) leaves = wire.offer(0, 10)

    expect(leaves).toBe(Math.ceil((100_000 * 8) / 3))
  })

  test('is busy for the fraction of a tick that is left', () => {
    const wire = new Transmitter(3_000_000_000n, 100)

    // 10 bytes take 26 and 2/3 ticks.
    expect([wire.offer(0, 10), wire.offer(26, 10), wire.offer(54, 10)]).toEqual([27, 54, 81])
  })

  test('takes no more bytes than may wait, and says when it will', () => {
    const wire = new Transmitter(8_000_000_000n, 100)

    expect([wire.offer(0, 60), wire.offer(0, 40), wire.offer(0, 1), wire.offer(59, 1)]).toEqual([
      60,
      100,
      undefined,
      undefined,
    ])
    expect([wire.roomAt(59, 60), wire.roomAt(59, 61)]).toEqual([60, 100])
    expect(wire.offer(60, 60)).toBe(160)
  })

  test.each([
    [0n, 100],
    [-1n, 100],
    [1_000n, 0],
    [9_007_199_254_740_997n, 2 ** 24],
  ])('cannot have %d bits a second and a queue of %d bytes', (bitsPerSecond, capacity) => {
    expect(() => new Transmitter(bitsPerSecond, capacity)).toThrow(
      expect.objectContaining({ code: 'lockstep.bandwidth' }),
    )
  })
})
