import { expect, test } from 'vitest'
import { RunBuffer } from '../../src/vfio/run-buffer.ts'

test('a run buffer keeps its runs when it grows, and its room when it is cleared', () => {
  const buffer = new RunBuffer()
  for (let run = 0; run < 100; run++) buffer.push(run, 1, 2 * run, 3)

  expect(buffer.count).toBe(100)
  expect([...buffer.runs.subarray(99 * 4, 100 * 4)]).toEqual([99, 1, 198, 3])

  const { runs } = buffer
  buffer.clear()
  buffer.push(5, 5, 5, 5)

  expect(buffer.runs).toBe(runs)
  expect(buffer.count).toBe(1)
})
