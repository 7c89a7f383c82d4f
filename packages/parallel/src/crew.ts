import { setImmediate } from 'node:timers/promises'
import { allocateMemory, Board, HostbridgeError, type LockstepPlan, placeDomains } from '@hostbridge/core/lockstep'
import { type Command, Member, type Reply } from './member.ts'

/** Those who run the domains: threads, or the calling thread itself. */
export interface Crew {
  /**
   * Has the command done by all; rejects when one of them fails, and none can be told anything after that. The others have
   * `grace` ms to answer then.
   */
  perform(command: Command, grace: number): Promise<readonly Reply[]>
  /** Asks for an end of the run that is under way, after its window, which threads have their grace to come to. */
  requestStop(): void
  /** Ends all at once, whatever they are at. */
  close(): Promise<void>
}

/** What a run that is under way rejects with when it is closed. */
export function runClosed(): HostbridgeError {
  return new HostbridgeError('lockstep.closed', 'the run has been closed', {})
}

/** How long the calling thread runs before its other events get their turn, in ms. */
const SLICE = 10

/** Runs all domains on the calling thread. */
export class LocalCrew implements Crew {
  readonly #board: Board
  readonly #member: Member
  #closed = false

  private constructor(board: Board, member: Member) {
    this.#board = board
    this.#member = member
  }

  static async open(plan: LockstepPlan): Promise<LocalCrew> {
    const memory = allocateMemory(plan, 1)
    const placement = placeDomains(plan, 1)
    return new LocalCrew(new Board(memory.board), await Member.open({ plan, memory, placement, member: 0, spins: 0 }))
  }

  async perform(command: Command): Promise<readonly Reply[]> {
    this.#board.requestStop(false)
    this.#member.clearStops()
    for (;;) {
      const sliceEnd = performance.now() + SLICE
      const reply = this.#member.perform(command, () => performance.now() > sliceEnd)
      if (reply.end !== 'paused') return [reply]
      await setImmediate()
      if (this.#closed) throw runClosed()
    }
  }

  requestStop(): void {
    this.#board.requestStop(true)
  }

  async close(): Promise<void> {
    this.#closed = true
  }
}
