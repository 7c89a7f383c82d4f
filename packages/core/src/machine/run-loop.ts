import { HostbridgeError } from '../errors.ts'
import type { EventQueue } from '../time/event-queue.ts'
import { LAST_TICK, tickOf } from '../time/tick.ts'

export interface RunOptions {
  /** The last instant, whose events happen too; without it the run goes on until nothing waits. */
  readonly until?: bigint
}

export interface RunResult {
  /** `until`: the time is reached. `idle`: nothing waits. `stopped`: somebody stopped it. */
  readonly ended: 'until' | 'idle' | 'stopped'
  /** Why it was stopped. */
  readonly cause: string | undefined
  /** Events that happened in this run. */
  readonly events: number
  /** The time at its end. */
  readonly now: bigint
}

/** Lets the events of one queue happen, one run at a time. */
export class RunLoop {
  readonly #owner: string
  readonly #queue: EventQueue
  #running = false
  #cause: string | undefined

  /** `owner` stands in messages. */
  constructor(owner: string, queue: EventQueue) {
    this.#owner = owner
    this.#queue = queue
  }

  run({ until }: RunOptions): RunResult {
    const queue = this.#queue
    const last = until === undefined ? LAST_TICK : tickOf(until)
    if (last < queue.now) {
      throw new HostbridgeError('time.past', `${this.#owner} cannot run until ${last}: it is ${queue.now} already`, {
        until,
        now: queue.now,
      })
    }
    this.checkIdle('run')
    this.#running = true
    this.#cause = undefined
    let events = 0
    try {
      for (; queue.nextTick() <= last && !this.#stopped; events++) queue.serviceOne()
    } finally {
      this.#running = false
    }
    if (until !== undefined && !this.#stopped) queue.advanceTo(last)
    const ended = this.#stopped ? 'stopped' : until !== undefined ? 'until' : 'idle'
    return { ended, cause: this.#cause, events, now: BigInt(queue.now) }
  }

  stop(cause: string): void {
    this.#cause = cause
  }

  /** @throws HostbridgeError `machine.running` from inside an event. */
  checkIdle(what: string): void {
    if (!this.#running) return
    const message = `${this.#owner} cannot ${what} from inside an event: stop it, and do so when run() has returned`
    throw new HostbridgeError('machine.running', message, { owner: this.#owner })
  }

  get #stopped(): boolean {
    return this.#cause !== undefined
  }
}
