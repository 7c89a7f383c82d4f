import { fc, test as property } from '@fast-check/vitest'
import { LatencyHistogram } from '@hostbridge/devices/endpoints'
import { describe, expect, test } from 'vitest'

const duration = fc.oneof(
  fc.integer({ min: 0, max: 70 }),
  fc.integer({ min: 0, max: 100_000 }),
  fc.maxSafeNat(),
  fc.constantFrom(31, 32, 63, 64, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER),
)
const durations = fc.array(duration, { minLength: 1, maxLength: 200 })

function histogramOf(values: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram()
  for (const value of values) histogram.record(value)
  return histogram
}

describe('a histogram of latencies', () => {
  property.prop([durations, fc.double({ min: 0, max: 100, noNaN: true })])(
    'knows every percentile of what was sorted to 1/32, and never less',
    (values, percent) => {
      const sorted = values.toSorted((a, b) => a - b)
      const exact = sorted[Math.max(1, Math.ceil((percent / 100) * values.length)) - 1] as number

      const found = histogramOf(values).percentile(percent)

      expect(found).toBeGreaterThanOrEqual(exact)
      expect(found).toBeLessThanOrEqual(Math.max(exact, exact * (1 + 1 / 32)))
    },
  )

  property.prop([durations])('has every value in one bucket, and buckets that begin where others end', (values) => {
    const buckets = [...histogramOf(values)]

    for (const { first, last, count } of buckets) {
      expect(values.filter((value) => first <= value && value <= last)).toHaveLength(count)
      expect(last - first).toBeLessThanOrEqual(first / 32)
    }
    expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(values.length)
    expect(buckets.every(({ first }, at) => at === 0 || first > (buckets[at - 1]?.last ?? 0))).toBe(true)
  })

  property.prop([durations])('knows count, least, greatest and mean, also when it has been restored', (values) => {
    const restored = new LatencyHistogram()
    restored.record(7)

    restored.restore(structuredClone(histogramOf(values).save()))

    expect(restored.count).toBe(values.length)
    expect([restored.least, restored.most]).toEqual([Math.min(...values), Math.max(...values)])
    expect(restored.mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 3)
    expect(restored.save()).toEqual(histogramOf(values).save())
  })

  test('is exact below 64, and has no more than 32 buckets for each power of two', () => {
    const histogram = histogramOf(Array.from({ length: 1024 }, (_, value) => value))

    const buckets = [...histogram]

    expect(buckets.slice(0, 64).map(({ first, last }) => [first, last])).toEqual(
      Array.from({ length: 64 }, (_, value) => [value, value]),
    )
    expect(buckets).toHaveLength(64 + 4 * 32)
  })

  test('answers 0 while there is nothing in it, and after it was cleared', () => {
    const histogram = histogramOf([5])

    histogram.clear()

    expect([histogram.count, histogram.least, histogram.most, histogram.mean, histogram.percentile(50)]).toEqual([
      0, 0, 0, 0, 0,
    ])
    expect([...histogram]).toEqual([])
  })
})
