import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { windowEnd } from '../../src/lockstep/window.ts'
import { LAST_TICK } from '../../src/time/tick.ts'

const tick = fc.integer({ min: 0, max: LAST_TICK })

describe('a window', () => {
  test.prop([tick, fc.integer({ min: 1, max: LAST_TICK }), tick])(
    'ends a quantum after its first event, or after the last tick of the run, as bigints say',
    (earliest, quantum, last) => {
      const exact = [BigInt(earliest) + BigInt(quantum), BigInt(last) + 1n].reduce((a, b) => (a < b ? a : b))

      const end = windowEnd(earliest, quantum, last)

      // Past the last tick a sum may be rounded; no event is there to tell the difference.
      expect(BigInt(end) === exact || exact > BigInt(LAST_TICK)).toBe(true)
      expect(end).toBeLessThanOrEqual(LAST_TICK + 1)
    },
  )

  test.prop([tick, fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 0, max: 1e6 }), fc.nat(1e6)])(
    'ends before anything that is sent in it arrives',
    (earliest, lookahead, shorter, later) => {
      const quantum = Math.max(1, lookahead - shorter)
      const sent = BigInt(earliest) + BigInt(later)
      const end = windowEnd(earliest, quantum, LAST_TICK)

      if (sent < BigInt(end)) expect(sent + BigInt(lookahead) >= BigInt(end)).toBe(true)
    },
  )
})
