import { describe, expect, test } from 'vitest'
import { TRAFFIC_CASES, trafficCase } from '../../src/suites/traffic-case.ts'

describe('a case of traffic', () => {
  test.each(TRAFFIC_CASES)('makes all of its requests, again and again: %s', (name) => {
    const open = trafficCase(name, true)

    expect(() => open?.check?.()).toThrow('requests were lost')
    for (let sample = 0; sample < 2; sample++) {
      open?.prepare?.()
      open?.run()
    }

    expect(() => open?.check?.()).not.toThrow()
    expect(open?.facts?.(500, 400)).toEqual({ requestsPerSecond: 2_000_000, dmaNs: expect.any(Number) })
  })

  test.each(['', 'constructor', 'traffic/', 'random'])('does not exist: %o', (name) => {
    expect(trafficCase(name, true)).toBeUndefined()
  })
})
