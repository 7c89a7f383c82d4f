import { allocateMemory, Board, HostbridgeError, placeDomains } from '@hostbridge/core/lockstep'
import { describe, expect, test } from 'vitest'
import { ThreadFailures } from '../src/thread-failures.ts'
import { gossipPlan } from './gossip.ts'

function failures(): { failures: ThreadFailures; board: Board } {
  const plan = gossipPlan()
  const board = new Board(allocateMemory(plan, 2).board)
  return { failures: new ThreadFailures(plan, placeDomains(plan, 2), board), board }
}

function failed(domain: string, time: number): HostbridgeError {
  return new HostbridgeError('lockstep.domain-failed', `'${domain}' at ${time}`, { domain, time })
}

describe('a thread that has died or does not answer', () => {
  test('is told with its domains and its last event', () => {
    const { failures: told, board } = failures()
    board.note(1, 70, 3)

    const died = told.died(1, new Error('no memory'))
    const silent = told.silent(1, 20, died)

    expect(died.message).toBe("worker 1 with 'east', 'west' has died at 70 in 'west': no memory")
    expect(died.facts).toEqual({ worker: 1, domain: 'west', domains: ['east', 'west'], time: 70 })
    expect(silent.facts).toEqual({ ...died.facts, grace: 20 })
    expect(silent.cause).toBe(died)
  })

  test('names no domain when nothing has happened there', () => {
    const { failures: told } = failures()

    const { message, facts } = told.died(0, 'gone')

    expect(message).toBe("worker 0 with 'north', 'south' has died before its first event: gone")
    expect(facts).toMatchObject({ domain: undefined, time: undefined })
  })
})

test('of several failures the earliest is told, of one instant that of the first domain, and those without a time last', () => {
  const { failures: told } = failures()
  const errors = [new Error('when?'), failed('west', 5), failed('south', 5), failed('north', 6)]

  expect(told.earliest(errors)?.message).toBe("'south' at 5")
  expect(told.earliest(errors.toReversed())?.message).toBe("'south' at 5")
  expect(told.earliest([])).toBeUndefined()
})
