import { describe, expect, test } from 'vitest'
import { BoundedLog } from '../../src/machine/bounded-log.ts'

describe('BoundedLog', () => {
  test('keeps the last entries, oldest first, and counts all', () => {
    const log = new BoundedLog<number>(3)

    for (let entry = 1; entry <= 5; entry++) log.record(entry)

    expect([...log]).toEqual([3, 4, 5])
    expect({ total: log.total, length: log.length, last: log.last }).toEqual({ total: 5, length: 3, last: 5 })
  })

  test('is empty at first and after it was cleared', () => {
    const log = new BoundedLog<number>()
    const fresh = [log.total, log.last, [...log]]
    log.record(1)

    log.clear()

    expect([log.total, log.last, [...log]]).toEqual(fresh)
    expect(fresh).toEqual([0, undefined, []])
    log.record(2)
    expect([...log]).toEqual([2])
  })
})
