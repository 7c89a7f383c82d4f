import { HostbridgeError } from '../errors.ts'
import type { EventQueue } from '../time/event-queue.ts'
import { LAST_TICK, tickOf } from '../time/tick.ts'
import { WaitList } from './wait-list.ts'

export interface RunOptions {
  /** The last instant, whose events happen too; without it the run goes on until nothing waits. */
  readonly until?: bigint
  /** The most events that happen in this run, 0 or more; without it as many as there are. */
  readonly events?: number
  /** Is called every 1,024 events with how many have happened in this run, and the time. */
  onProgress?(events: number, now: number): void
}

export interface RunResult {
  /** `until`: the time is reached. `idle`: nothing waits. `stopped`: somebody stopped it. `events`: as many as asked for happened. */
  readonly ended: 'until' | 'idle' | 'stopped' | 'events'
  /** Why it was stopped. */
  readonly cause: string | undefined
  /** Events that happened in this run. */
  readonly events: number
  /** The time at its end. */
  readonly now: bigint
  /** The hash of all events that have happened since the machine was made: equal runs have equal ones. */
  readonly fingerprint: string
  /** Where the run could not go on though somebody waits: who waits for whom, the circles first. */
  readonly blocked?: readonly string[]
}

/** Events between two reports of progress, less one: often enough for events that take a millisecond each. */
const PROGRESS = 0x3ff

/** Lets the events of one queue happen, one run at a time. */
export class RunLoop {
  readonly #owner: string
  readonly #queue: EventQueue
  /** Who waits for whom. */
  readonly waits: WaitList = new WaitList()
  #running = false
  #cause: string | undefined

  /** `owner` stands in messages. */
  constructor(owner: string, queue: EventQueue) {
    this.#owner = owner
    this.#queue = queue
  }

  run(options: RunOptions): RunResult {
    const { until, events: most = Number.POSITIVE_INFINITY } = options
    const queue = this.#queue
    const last = until === undefined ? LAST_TICK : tickOf(until)
    if (last < queue.now) {
      throw new HostbridgeError('time.past', `${this.#owner} cannot run until ${last}: it is ${queue.now} already`, {
        until,
        now: queue.now,
      })
    }
    if (!(most >= 0)) {
      const message = `${this.#owner} cannot run for ${most} events: give 0 or more`
      throw new HostbridgeError('machine.events', message, { owner: this.#owner, events: most })
    }
    this.checkIdle('run')
    this.#running = true
    this.#cause = undefined
    let events = 0
    try {
      for (; events < most && queue.nextTick() <= last && !this.#stopped; events++) {
        queue.serviceOne()
        if ((events & PROGRESS) === PROGRESS) options.onProgress?.(events + 1, queue.now)
      }
    } finally {
      this.#running = false
    }
    const ended = this.#stopped
      ? 'stopped'
      : queue.nextTick() <= last
        ? 'events'
        : until !== undefined
          ? 'until'
          : 'idle'
    if (ended === 'until') queue.advanceTo(last)
    const blocked = queue.size === 0 && ended !== 'stopped' ? this.waits.report() : []
    return {
      ended,
      cause: this.#cause,
      events,
      now: BigInt(queue.now),
      fingerprint: String(queue.fingerprint ?? ''),
      ...(blocked.length > 0 && { blocked }),
    }
  }

  stop(cause: string): void {
    this.#cause = cause
  }

  /** Why somebody has stopped it since the last run began. */
  get stopCause(): string | undefined {
    return this.#cause
  }

  get running(): boolean {
    return this.#running
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
