import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { completeJob, type TrafficJob } from '../../../src/endpoints/traffic/traffic-job.ts'
import { TrafficPattern } from '../../../src/endpoints/traffic/traffic-pattern.ts'

const BASE = 0x1000n

function patternOf(job: Partial<TrafficJob>): TrafficPattern {
  return new TrafficPattern(completeJob({ requests: 1, base: BASE, requestBytes: 100, length: 1050n, ...job }))
}

function places(pattern: TrafficPattern, count: number): number[] {
  return Array.from({ length: count }, () => Number(pattern.place() - BASE))
}

test('a sequential pattern begins again behind the last place that a whole request fits into', () => {
  expect(places(patternOf({}), 12)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 0, 100])
})

property.prop([
  fc.nat({ max: 0xffff_ffff }),
  fc.integer({ min: 1, max: 1000 }),
  fc.bigInt({ min: 1000n, max: 2n ** 53n - 1n }),
])('a random pattern keeps to whole multiples of the size within its length', (seed, requestBytes, length) => {
  const pattern = patternOf({ pattern: 'random', seed, requestBytes, length })

  const found = Array.from({ length: 20 }, () => pattern.place() - BASE)

  for (const place of found) {
    expect(place % BigInt(requestBytes)).toBe(0n)
    expect(place + BigInt(requestBytes)).toBeLessThanOrEqual(length)
  }
})

test('a random pattern comes everywhere about as often, with any seed the same way', () => {
  const seen = new Map<number, number>()

  for (const place of places(patternOf({ pattern: 'random', seed: 0 }), 10_000))
    seen.set(place, (seen.get(place) ?? 0) + 1)

  expect(seen.size).toBe(10)
  expect([...seen.values()].every((count) => count > 850 && count < 1150)).toBe(true)
  expect(places(patternOf({ pattern: 'random', seed: 5 }), 20)).toEqual(
    places(patternOf({ pattern: 'random', seed: 5 }), 20),
  )
  expect(places(patternOf({ pattern: 'random', seed: 5 }), 20)).not.toEqual(
    places(patternOf({ pattern: 'random', seed: 6 }), 20),
  )
})

test.each([0, 1, 30, 70, 99, 100])('of 100 requests %i are reads', (readPercent) => {
  const pattern = patternOf({ readPercent })

  const reads = Array.from({ length: 20_000 }, () => pattern.reads()).filter(Boolean).length

  expect(Math.abs(reads / 200 - readPercent)).toBeLessThan(readPercent % 100 === 0 ? 0.001 : 1.5)
})

test('numbers below a limit are whole and reach all of it', () => {
  const pattern = patternOf({})

  const drawn = Array.from({ length: 1000 }, () => pattern.below(4))

  expect([...new Set(drawn)].toSorted()).toEqual([0, 1, 2, 3])
  expect(pattern.below(0)).toBe(0)
})

test('a pattern goes on where it was when it has been restored', () => {
  const job = completeJob({ requests: 1, pattern: 'random', length: 2n ** 30n, readPercent: 50 })
  const pattern = new TrafficPattern(job)
  for (let request = 0; request < 5; request++) pattern.place()

  const restored = new TrafficPattern(job, structuredClone(pattern.save()))

  const next = (of: TrafficPattern): unknown => Array.from({ length: 20 }, () => [of.reads(), of.place(), of.below(9)])
  expect(next(restored)).toEqual(next(pattern))
  const sequential = patternOf({})
  sequential.place()
  expect(new TrafficPattern(completeJob({ requests: 1 }), sequential.save()).save().block).toBe(1)
})
