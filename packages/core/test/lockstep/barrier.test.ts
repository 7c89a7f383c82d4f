import { Worker } from 'node:worker_threads'
import { describe, expect, test, vi } from 'vitest'
import { Barrier, SPINS } from '../../src/lockstep/barrier.ts'
import { Board } from '../../src/lockstep/board.ts'
import type { BarrierTask } from './barrier.worker.ts'

interface Threads {
  readonly barrier: SharedArrayBuffer
  readonly board: Board
  readonly reports: Promise<{ wrong: number; met: number }>[]
}

/** Starts threads that meet so many times. */
function start(members: number, rounds: number, spins: number, absent = 0): Threads {
  const barrier = new SharedArrayBuffer(Barrier.bytes(members + absent))
  const board = new SharedArrayBuffer(Board.bytes(members + absent))
  const reports = Array.from({ length: members }, (_, member) => {
    const workerData: BarrierTask = { barrier, board, member, rounds, spins }
    const worker = new Worker(new URL('./barrier.worker.ts', import.meta.url), { workerData })
    return new Promise<{ wrong: number; met: number }>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
  })
  return { barrier, board: new Board(board), reports }
}

describe('a barrier', () => {
  test.each([
    [1, 1000, 0],
    [2, 1000, SPINS],
    [2, 200, 0],
    [4, 100, 50],
  ])('of %i threads lets nobody through early, in %i rounds with %i spins', async (members, rounds, spins) => {
    const { reports } = start(members, rounds, spins)

    const expected = Array.from({ length: members }, () => ({ wrong: 0, met: rounds }))
    expect(await Promise.all(reports)).toEqual(expected)
  })

  test.each([0, SPINS])(
    'that is broken lets go of all who wait for one that does not come (%i spins)',
    async (spins) => {
      const { barrier, board, reports } = start(2, 10, spins, 1)

      await vi.waitUntil(() => [0, 1].every((member) => board.noted(member) !== undefined), { timeout: 25_000 })
      setTimeout(() => Barrier.break(barrier), 20)

      expect(await Promise.all(reports)).toEqual([
        { wrong: 0, met: 0 },
        { wrong: 0, met: 0 },
      ])
    },
  )

  test('that is broken stops nobody again', () => {
    const memory = new ArrayBuffer(Barrier.bytes(1))
    const alone = new Barrier(memory, 0, 0)

    expect(alone.arrive()).toBe(true)
    Barrier.break(memory)
    expect(alone.arrive()).toBe(false)
  })

  test('tells whoever watches who has not arrived as often as the others', () => {
    const memory = new ArrayBuffer(Barrier.bytes(2))
    const early = new Barrier(memory, 1, 0)

    Barrier.break(memory)
    early.arrive()
    early.arrive()

    expect([Barrier.arrivals(memory, 0), Barrier.arrivals(memory, 1)]).toEqual([1, 2])
  })
})
