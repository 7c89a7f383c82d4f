import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { completeJob, type TrafficRate } from '../../../src/endpoints/traffic/traffic-job.ts'
import { TrafficPace } from '../../../src/endpoints/traffic/traffic-pace.ts'

function paceOf(due: number, rate: TrafficRate | undefined, requestBytes = 1): TrafficPace {
  return new TrafficPace({ due, phase: 0 }, completeJob({ requests: 1, requestBytes, ...(rate && { rate }) }))
}

property.prop([
  fc.integer({ min: 1, max: 10 ** 12 }),
  fc.integer({ min: 1, max: 65536 }),
  fc.integer({ min: 0, max: 50 }),
])('a rate in bytes is kept exactly, whatever part of a tick lies between requests', (rate, bytes, requests) => {
  const pace = paceOf(7, { bytesPerSecond: rate }, bytes)

  for (let request = 0; request < requests; request++) pace.next()

  expect(BigInt(pace.due)).toBe(7n + (BigInt(requests) * BigInt(bytes) * 1_000_000_000n) / BigInt(rate))
})

test('a rate in requests does not depend on their size', () => {
  const pace = paceOf(100, { requestsPerSecond: 3_000_000 }, 4096)

  const dues = Array.from({ length: 4 }, () => {
    pace.next()
    return pace.due
  })

  expect(dues).toEqual([433, 766, 1100, 1433])
})

test('a pace goes on with what was left of a tick when it has been restored', () => {
  const job = completeJob({ requests: 1, rate: { requestsPerSecond: 3 } })
  const pace = new TrafficPace({ due: 0, phase: 0 }, job)
  pace.next()
  pace.next()

  const restored = new TrafficPace(structuredClone(pace.save()), job)
  restored.next()

  expect(restored.save()).toEqual({ due: 1_000_000_000, phase: 0 })
})

test('without a rate nothing lies between requests', () => {
  const pace = paceOf(5, undefined)

  pace.next()

  expect(pace.due).toBe(5)
})
