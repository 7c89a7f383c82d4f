import type { ResourceLimits } from 'node:worker_threads'
import {
  checkPlan,
  combineFingerprints,
  type DomainSpec,
  type DomainState,
  HostbridgeError,
  type LockstepPlan,
  type Wait,
} from '@hostbridge/core/lockstep'
import { decodeDomains, encodeDomains } from '@hostbridge/core/snapshot'
import { LAST_TICK, tickOf, Waits } from '@hostbridge/core/time'
import { type Crew, LocalCrew } from './crew.ts'
import { DomainThreads } from './domain-threads.ts'
import type { Command, DomainReport, Reply } from './member.ts'

export interface LockstepOptions extends LockstepPlan {
  /** Threads; with 0 the calling thread runs all domains. More than there are domains are not started. */
  readonly workers: number
  /** Of each thread, as `node:worker_threads` takes them. */
  readonly resourceLimits?: ResourceLimits
  /**
   * How long threads may take to come to the end of what they are at, in ms, when the run is aborted or another thread has
   * failed; then they are ended. 2,000 unless told. Nobody can end what the calling thread itself is at.
   */
  readonly grace?: number
}

export interface LockstepRunOptions {
  /** The last instant, whose events happen too; without it the run goes on until nothing waits. */
  readonly until?: bigint
  /** Ends the run after its window; the domains are in step and can be run on. */
  readonly signal?: AbortSignal
  /** That of {@link LockstepOptions.grace} unless told. */
  readonly grace?: number
}

export interface LockstepResult {
  /** `until`: the time is reached. `idle`: nothing waits. `stopped`: a domain stopped it. */
  readonly ended: 'until' | 'idle' | 'stopped'
  /** Why it was stopped. */
  readonly cause: string | undefined
  /** Events that happened in this run, and its windows. */
  readonly events: number
  readonly windows: number
  /** The time at its end, of the domain that is ahead. */
  readonly now: bigint
  /** In the order of the plan. */
  readonly domains: readonly Omit<DomainReport, 'number' | 'stopCause'>[]
  /** Of all events since the domains were composed: the same for any number of workers and any quantum. */
  readonly fingerprint: string
}

/** The state of all domains between two runs, as plain data. */
export interface LockstepState {
  readonly domains: readonly DomainState[]
}

/**
 * Domains that run in lockstep windows, on threads of their own or on the calling one, with the same result.
 *
 * Open it once: threads take tens of milliseconds to start, and each composes its domains itself. It must be closed.
 */
export class Lockstep implements AsyncDisposable {
  readonly workers: number
  readonly #crew: Crew
  readonly #grace: number
  /** Their names, by number. */
  readonly #domains: readonly string[]
  #state: 'idle' | 'busy' | 'failed' | 'closed' = 'idle'
  #failure: unknown
  #events = 0
  #windows = 0
  /** The time of the domain that is ahead. */
  #now = 0

  private constructor(workers: number, crew: Crew, grace: number, plan: LockstepPlan) {
    this.workers = workers
    this.#domains = plan.domains.map(({ name }) => name)
    this.#crew = crew
    this.#grace = grace
  }

  /**
   * Composes all domains.
   *
   * @throws HostbridgeError `lockstep.workers`, `lockstep.grace`, `lockstep.args`; as `checkPlan`; `lockstep.module` or `lockstep.compose` for a domain that
   *   cannot be composed.
   */
  static async open(options: LockstepOptions): Promise<Lockstep> {
    const { workers, resourceLimits, grace = 2000, ...plan } = options
    if (!(Number.isInteger(workers) && workers >= 0)) {
      const message = `domains cannot run on ${workers} workers: give a whole number, 0 for the calling thread alone`
      throw new HostbridgeError('lockstep.workers', message, { workers })
    }
    checkGrace(grace)
    checkPlan(plan)
    plan.domains.forEach(checkArgs)
    const threads = Math.min(workers, plan.domains.length)
    const crew =
      threads === 0
        ? await LocalCrew.open(plan)
        : await DomainThreads.open(plan, threads, timerOf(grace), resourceLimits)
    return new Lockstep(threads, crew, grace, plan)
  }

  /**
   * Lets the events of all domains happen until a time is reached, nothing waits, or a domain stops it.
   *
   * @throws HostbridgeError `lockstep.domain-failed` and `lockstep.worker-died`, naming the domain and the virtual time, after
   *   which it can only be closed; `lockstep.worker-silent`, naming the domain whose event did not end when another had failed;
   *   `lockstep.grace`; `lockstep.deadlock` when nothing waits but somebody for another; `lockstep.busy`,
   *   `lockstep.failed`, `lockstep.closed`; `time.past`. An abort rejects with the signal's reason.
   */
  async run(options: LockstepRunOptions = {}): Promise<LockstepResult> {
    const { until, signal, grace = this.#grace } = options
    checkGrace(grace)
    const last = until === undefined ? LAST_TICK : tickOf(until)
    if (last < this.#now) {
      const message = `the domains cannot run until ${last}: it is ${this.#now} already`
      throw new HostbridgeError('time.past', message, { until, now: this.#now })
    }
    signal?.throwIfAborted()
    const command: Command = { kind: 'run', last, advances: until !== undefined }
    const replies = await this.#perform(command, signal, grace)
    const result = this.#result(replies, until !== undefined)
    signal?.throwIfAborted()
    checkProgress(
      replies,
      result.domains.map(({ name }) => name),
    )
    return result
  }

  /**
   * The state of all domains, in the order of the plan; for a plan of the same domains and links on any number of workers.
   *
   * @throws HostbridgeError `lockstep.save`, or what a model throws that cannot save itself; the domains can be run on.
   */
  async save(): Promise<LockstepState> {
    const replies = await this.#perform({ kind: 'save' })
    const states = new Map(
      replies.flatMap((reply) => (reply.states ?? []).map((state) => [state.domain, state] as const)),
    )
    return { domains: this.#domains.map((name) => states.get(name) as DomainState) }
  }

  /**
   * Takes up a saved state.
   *
   * @throws HostbridgeError `lockstep.restore` where it is another plan's: with nothing changed where it has other domains;
   *   where a domain is another than the one that was saved, the run can only be closed then.
   */
  async restore(state: LockstepState): Promise<void> {
    const saved = state.domains.map(({ domain }) => domain)
    if (saved.length !== this.#domains.length || saved.some((name, number) => name !== this.#domains[number])) {
      const message =
        `a state of the domains ${saved.join(', ')} cannot be taken up by ${this.#domains.join(', ')}: open the plan that was ` +
        'saved, with its domains in their order'
      throw new HostbridgeError('lockstep.restore', message, { saved, domains: this.#domains })
    }
    await this.#perform({ kind: 'restore', states: state.domains })
  }

  /** As {@link save}, as the bytes of a file: versioned, compressed and checked, whichever number of workers restores it. */
  async saveFile(): Promise<Uint8Array<ArrayBuffer>> {
    return encodeDomains((await this.save()).domains)
  }

  /** Takes up what {@link saveFile} made. @throws HostbridgeError `snapshot.damaged` or `snapshot.version`, with nothing changed; as {@link restore}. */
  async restoreFile(file: Uint8Array): Promise<void> {
    await this.restore({ domains: decodeDomains(file) })
  }

  /** Ends the threads. A run that is under way rejects. */
  async close(): Promise<void> {
    this.#state = 'closed'
    await this.#crew.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #perform(command: Command, signal?: AbortSignal, grace = this.#grace): Promise<readonly Reply[]> {
    if (this.#state !== 'idle') throw this.#refusal(this.#state)
    this.#state = 'busy'
    const abort = (): void => this.#crew.requestStop()
    signal?.addEventListener('abort', abort, { once: true })
    try {
      const replies = await this.#crew.perform(command, timerOf(grace))
      this.#now = Math.max(...replies.flatMap(({ domains }) => domains.map(({ now }) => now)))
      this.#settle('idle')
      return replies
    } catch (error) {
      if (command.kind === 'save' && !isEndOfThread(error)) {
        this.#settle('idle')
        throw error
      }
      this.#failure = error
      this.#settle('failed')
      await this.#crew.close()
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  #settle(state: 'idle' | 'failed'): void {
    if (this.#state === 'busy') this.#state = state
  }

  #result(replies: readonly Reply[], timed: boolean): LockstepResult {
    const domains = replies.flatMap((reply) => reply.domains).sort((a, b) => a.number - b.number)
    const events = replies.reduce((sum, reply) => sum + reply.events, 0)
    const windows = replies[0]?.windows ?? 0
    const end = replies[0]?.end
    const result: LockstepResult = {
      ended: end === 'stopped' ? 'stopped' : timed ? 'until' : 'idle',
      cause: domains.find(({ stopCause }) => stopCause !== undefined)?.stopCause,
      events: events - this.#events,
      windows: windows - this.#windows,
      now: BigInt(this.#now),
      domains: domains.map(({ name, now, fingerprint, happened }) => ({ name, now, fingerprint, happened })),
      fingerprint: combineFingerprints(domains.map(({ name, fingerprint = '' }) => ({ name, fingerprint }))),
    }
    this.#events = events
    this.#windows = windows
    return result
  }

  #refusal(state: 'busy' | 'failed' | 'closed'): HostbridgeError {
    const todo = state === 'busy' ? 'wait for what it is at' : 'open another'
    const message = `the domains cannot be told anything, the run is ${state}: ${todo}`
    return new HostbridgeError(`lockstep.${state}`, message, {}, { cause: this.#failure })
  }
}

/** @throws HostbridgeError `lockstep.args`. */
function checkArgs({ name, args }: DomainSpec): void {
  try {
    structuredClone(args)
  } catch (cause) {
    const message = `the args of domain '${name}' cannot be given to its thread: ${cause}; give data that structuredClone takes`
    throw new HostbridgeError('lockstep.args', message, { domain: name }, { cause })
  }
}

/** Whether none of the threads can be told anything any more. */
function isEndOfThread(error: unknown): boolean {
  const ends = ['lockstep.worker-died', 'lockstep.worker-silent', 'lockstep.closed']
  return error instanceof HostbridgeError && ends.includes(error.code)
}

/** @throws HostbridgeError `lockstep.grace`. */
function checkGrace(grace: number): void {
  if (grace >= 0) return
  const message = `threads cannot have a grace of ${grace} ms: give 0 or more, Infinity to wait for them however long it takes`
  throw new HostbridgeError('lockstep.grace', message, { grace })
}

/** What a timer can be set to; the longest is 24 days. */
function timerOf(grace: number): number {
  return Math.min(grace, 2 ** 31 - 1)
}

/** @throws HostbridgeError `lockstep.deadlock`. */
function checkProgress(replies: readonly Reply[], domains: readonly string[]): void {
  if (!replies.every(({ end }) => end === 'idle')) return
  const order = new Map(domains.map((name, number) => [name, number]))
  const orderOf = ({ domain }: Wait): number => order.get(domain) ?? 0
  const waits = replies.flatMap((reply) => reply.waits).sort((a, b) => orderOf(a) - orderOf(b))
  if (waits.length === 0) return
  const all = new Waits()
  for (const { domain, who, whom, what } of waits) {
    const isElsewhere = domains.some((name) => whom === name || whom.startsWith(`${name}/`))
    all.begin(`${domain}/${who}`, isElsewhere ? whom : `${domain}/${whom}`, what)
  }
  const message = `nothing can happen any more, and somebody waits: ${all.report().join('; ')}`
  throw new HostbridgeError('lockstep.deadlock', message, {
    waits,
    domains: [...new Set(waits.map(({ domain }) => domain))].sort(),
  })
}
