import { describe, expect, test } from 'vitest'
import { DiscardCounters, type DiscardUse, MemorySystem } from '../../../src/memory/index.ts'

const uses: readonly DiscardUse[] = ['disable', 'disable-uncoordinated', 'require', 'require-coordinated']

describe('DiscardCounters', () => {
  test('let only those in together who can bear each other (RD-11)', () => {
    const rows = uses.map((first) => {
      const counters = new DiscardCounters()
      counters.enter(first, 'somebody')
      return uses.map((second) => counters.allows(second))
    })

    expect(rows).toEqual([
      [true, true, false, false],
      [true, true, false, true],
      [false, false, true, true],
      [false, true, true, true],
    ])
  })

  test('throw naming both, and change nothing then (RD-11)', () => {
    const counters = new DiscardCounters()
    counters.enter('disable', 'card')

    expect(() => counters.enter('require', 'balloon')).toThrow(
      "'balloon' needs 'require' of the discarding of RAM while 'card' needs 'disable': unplug one of the two",
    )
    expect(counters.count('require')).toBe(0)
  })

  test('belong to a system: what one machine needs does not bind another (RD-11)', () => {
    const [one, other] = [new MemorySystem('one'), new MemorySystem('other')]

    one.discards.enter('disable', 'card')

    expect([one.discards.allows('require'), other.discards.allows('require')]).toEqual([false, true])
  })

  test('count: a use is over when the last who had it has left, each once (RD-11)', () => {
    const counters = new DiscardCounters()
    const [leaveA, leaveB] = [counters.enter('require', 'a'), counters.enter('require', 'b')]

    leaveA()
    leaveA()
    const before = counters.allows('disable')
    leaveB()

    expect([before, counters.allows('disable')]).toEqual([false, true])
  })
})
