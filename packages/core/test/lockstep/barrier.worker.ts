import { parentPort, workerData } from 'node:worker_threads'
import { Barrier } from '../../src/lockstep/barrier.ts'
import { Board } from '../../src/lockstep/board.ts'

/** What a thread of the barrier's test is given. */
export interface BarrierTask {
  readonly barrier: SharedArrayBuffer
  readonly board: SharedArrayBuffer
  readonly member: number
  readonly rounds: number
  readonly spins: number
}

/*
 * Posts its round on the board before each barrier and reads the others' after it: anything but the smallest number of this
 * very round means that the barrier has let somebody through, or shown something old.
 */
const { barrier, board, member, rounds, spins } = workerData as BarrierTask
const meeting = new Barrier(barrier, member, spins)
const posts = new Board(board)
let wrong = 0
let met = 0
posts.note(member, 1, 0)
for (let round = 1; round <= rounds && meeting.arrive(); round++) {
  posts.post(round, member, round * 8 + member, 1 << member)
  if (!meeting.arrive()) break
  const { earliest, notices } = posts.read(round)
  if (earliest !== round * 8 || notices !== 2 ** (barrier.byteLength / 128 - 1) - 1) wrong++
  met = round
}
parentPort?.postMessage({ wrong, met })
