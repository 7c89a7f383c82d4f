import { expect, test } from 'vitest'
import { Board, Notice } from '../../src/lockstep/board.ts'

test('all see the earliest event and every notice of a window', () => {
  const board = new Board(new SharedArrayBuffer(Board.bytes(3)))
  board.post(1, 0, 70, 0)
  board.post(1, 1, 50, Notice.backlog)
  board.post(1, 2, Number.POSITIVE_INFINITY, Notice.stop)

  expect(board.read(1)).toEqual({ earliest: 50, notices: Notice.backlog | Notice.stop })
})

test('a member that is a window ahead does not change what the others read of the one before', () => {
  const board = new Board(new SharedArrayBuffer(Board.bytes(2)))
  board.post(1, 0, 70, 0)
  board.post(1, 1, 50, 0)
  board.post(2, 1, 10, Notice.failed)

  expect(board.read(1)).toEqual({ earliest: 50, notices: 0 })
})

test('where the members are at work, and the wish to stop, are no posts', () => {
  const board = new Board(new SharedArrayBuffer(Board.bytes(2)))
  board.post(1, 0, 70, 0)
  board.post(1, 1, 80, 0)
  expect(board.noted(0)).toBeUndefined()
  board.note(0, 5, 0)
  board.note(1, 2 ** 53 - 1, 4)
  board.requestStop(true)

  expect(board.read(1)).toEqual({ earliest: 70, notices: 0 })
  expect([board.noted(0), board.noted(1)]).toEqual([
    { time: 5, domain: 0 },
    { time: 2 ** 53 - 1, domain: 4 },
  ])
  expect(board.stopRequested).toBe(true)
  board.requestStop(false)
  expect(board.stopRequested).toBe(false)
})
