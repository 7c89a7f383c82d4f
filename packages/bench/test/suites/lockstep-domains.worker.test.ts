import { expect, test } from 'vitest'
import { work } from '../../src/suites/lockstep-domains.worker.ts'

test('the work of an event depends on every round', () => {
  const ends = Array.from({ length: 50 }, (_, rounds) => work(rounds, 7))

  expect(new Set(ends).size).toBe(50)
})
