import { describe, expect, test } from 'vitest'
import { bytesOf, completeJob, refuseJob, type TrafficJob } from '../../../src/endpoints/traffic/traffic-job.ts'

const LAST = 2n ** 64n - 1n

function refusal(job: Partial<TrafficJob>): string | undefined {
  return refuseJob(completeJob({ requests: 1, ...job }), 8)
}

describe('a traffic job', () => {
  test.each([
    [{}],
    [{ requests: 2 ** 24, outstanding: 8, readPercent: 0, seed: 0xffff_ffff }],
    [{ requestBytes: 65536, length: 65536n, base: LAST - 65535n }],
    [{ rate: { requestsPerSecond: 1 } }],
    [{ rate: { bytesPerSecond: 10 ** 12 } }],
    [{ pattern: 'scatter-gather', segments: [{ iova: LAST, bytes: 1 }], requestBytes: 0 }],
    [{ pattern: 'scatter-gather', segments: Array.from({ length: 256 }, () => ({ iova: 0n, bytes: 4096 })) }],
  ] as Partial<TrafficJob>[][])('can be %o', (job) => {
    expect(refusal(job as Partial<TrafficJob>)).toBeUndefined()
  })

  test.each([
    [{ requests: 0 }, 'it has 0 requests, not 1 to 16777216'],
    [{ requests: 2 ** 24 + 1 }, 'it has 16777217 requests'],
    [{ requests: 1.5 }, 'it has 1.5 requests'],
    [{ outstanding: 0 }, '0 requests cannot be under way at once, 1 to 8 can'],
    [{ outstanding: 9 }, '9 requests cannot be under way'],
    [{ readPercent: 101 }, '101 of 100 requests cannot be reads'],
    [{ readPercent: -1 }, '-1 of 100'],
    [{ readPercent: Number.NaN }, 'NaN of 100'],
    [{ seed: -1 }, 'its seed -1 is no number of 32 bits'],
    [{ seed: 2 ** 32 }, 'its seed 4294967296'],
    [{ rate: { requestsPerSecond: 0 } }, 'its rate is 0 a second'],
    [{ rate: { bytesPerSecond: 10 ** 12 + 1 } }, 'its rate is 1000000000001 a second'],
    [{ requestBytes: 0 }, 'a request has 0 bytes, not 1 to 65536'],
    [{ requestBytes: 65537 }, 'a request has 65537 bytes'],
    [{ requestBytes: Number.NaN }, 'a request has NaN bytes'],
    [{ length: 4095n }, 'no request of 4096 bytes fits into 4095'],
    [{ length: 2n ** 53n }, '9007199254740992 bytes are more than 2^53 - 1'],
    [{ base: LAST - 4094n }, 'its last byte lies past 2^64'],
    [{ base: -1n }, 'its last byte lies past 2^64'],
    [{ pattern: 'scatter-gather' }, 'its list has 0 places, not 1 to 256'],
    [{ pattern: 'scatter-gather', segments: [{ iova: 0n, bytes: 0 }] }, 'not 1 to 1048576 bytes together'],
    [{ pattern: 'scatter-gather', segments: [{ iova: LAST, bytes: 2 }] }, 'a place lies past 2^64'],
    [
      { pattern: 'scatter-gather', segments: Array.from({ length: 17 }, () => ({ iova: 0n, bytes: 65536 })) },
      'not 1 to 1048576 bytes together',
    ],
    [
      { pattern: 'scatter-gather', segments: Array.from({ length: 257 }, () => ({ iova: 0n, bytes: 1 })) },
      'its list has 257 places',
    ],
  ] as [Partial<TrafficJob>, string][])('cannot be %o', (job, reason) => {
    expect(refusal(job)).toContain(reason)
  })

  test('moves with each request what all places of its list have', () => {
    const segments = [
      { iova: 0n, bytes: 10 },
      { iova: 99n, bytes: 5 },
    ]

    expect(bytesOf(completeJob({ requests: 1, pattern: 'scatter-gather', segments }))).toBe(15)
    expect(bytesOf(completeJob({ requests: 1, segments }))).toBe(4096)
  })
})
