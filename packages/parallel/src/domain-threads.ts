import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { MessageChannel, type MessagePort, type ResourceLimits } from 'node:worker_threads'
import {
  allocateMemory,
  Barrier,
  Board,
  HostbridgeError,
  type LockstepMemory,
  type LockstepPlan,
  placeDomains,
  SPINS,
} from '@hostbridge/core/lockstep'
import { Piscina } from 'piscina'
import type { Crew } from './crew.ts'
import type { Answer, MemberTask } from './domain.worker.ts'
import type { Command, Reply } from './member.ts'
import { fromPlain } from './plain-error.ts'

/** `domain.worker` as it lies beside this file: `.ts` in the workspace, `.js` in the package. */
const DOMAIN_WORKER = new URL(`./domain.worker${extname(import.meta.url)}`, import.meta.url)

type Outcome = { readonly reply?: Reply; readonly error?: Error }

/** One thread as its owner sees it. */
interface Thread {
  readonly port: MessagePort
  /** Takes the next answer, or the thread's death. */
  settle: ((outcome: Outcome) => void) | undefined
  /** How it has died. */
  death: HostbridgeError | undefined
}

/** Runs domains on threads of their own, each of which has one long task of a piscina pool. */
export class DomainThreads implements Crew {
  readonly #plan: LockstepPlan
  readonly #placement: readonly number[]
  readonly #memory: LockstepMemory
  readonly #board: Board
  readonly #pool: Piscina<MemberTask, void>
  readonly #threads: readonly Thread[]
  #closing: Promise<void> | undefined

  private constructor(plan: LockstepPlan, count: number, resourceLimits: ResourceLimits | undefined) {
    this.#plan = plan
    this.#placement = placeDomains(plan, count)
    this.#memory = allocateMemory(plan, count)
    this.#board = new Board(this.#memory.board)
    this.#pool = new Piscina<MemberTask, void>({
      filename: DOMAIN_WORKER.href,
      minThreads: count,
      maxThreads: count,
      concurrentTasksPerWorker: 1,
      idleTimeout: Infinity,
      // The task waits for commands in its thread's event loop.
      atomics: 'disabled',
      recordTiming: false,
      ...(resourceLimits && { resourceLimits }),
    })
    this.#pool.on('error', () => {})
    this.#threads = Array.from({ length: count }, (_, member) => this.#start(member, count))
  }

  /** @throws HostbridgeError `lockstep.module`, `lockstep.compose`, `lockstep.worker-died`. */
  static async open(plan: LockstepPlan, threads: number, resourceLimits?: ResourceLimits): Promise<DomainThreads> {
    const crew = new DomainThreads(plan, threads, resourceLimits)
    try {
      await crew.#all(() => {})
      return crew
    } catch (error) {
      await crew.close()
      throw error
    }
  }

  async perform(command: Command): Promise<readonly Reply[]> {
    this.#board.requestStop(false)
    const replies = await this.#all(({ port }) => port.postMessage(command))
    return replies as readonly Reply[]
  }

  requestStop(): void {
    this.#board.requestStop(true)
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    Barrier.break(this.#memory.barrier)
    for (const { port } of this.#threads) port.close()
    await this.#pool.destroy()
  }

  /** Waits for one answer of each thread; when all have come, throws the earliest failure among them. */
  async #all(tell: (thread: Thread) => void): Promise<readonly (Reply | undefined)[]> {
    const outcomes = await Promise.all(
      this.#threads.map((thread): Outcome | Promise<Outcome> => {
        if (thread.death !== undefined) return { error: thread.death }
        const outcome = new Promise<Outcome>((resolve) => {
          thread.settle = resolve
        })
        tell(thread)
        return outcome
      }),
    )
    const errors = outcomes.flatMap(({ error }) => (error === undefined ? [] : [error]))
    if (errors.length > 0) throw errors.reduce((one, other) => (this.#isEarlier(other, one) ? other : one))
    return outcomes.map(({ reply }) => reply)
  }

  #start(member: number, count: number): Thread {
    const { port1: port, port2 } = new MessageChannel()
    const thread: Thread = { port, settle: undefined, death: undefined }
    const settle = (outcome: Outcome): void => {
      thread.settle?.(outcome)
      thread.settle = undefined
    }
    port.on('message', ({ reply, error }: Answer) => {
      settle(error === undefined ? { ...(reply && { reply }) } : { error: fromPlain(error) })
    })
    const task: MemberTask = {
      plan: this.#plan,
      memory: this.#memory,
      placement: this.#placement,
      member,
      spins: availableParallelism() < count ? 0 : SPINS,
      port: port2,
    }
    const end = (cause?: unknown): void => {
      thread.death = this.#deathOf(member, cause)
      Barrier.break(this.#memory.barrier)
      settle({ error: thread.death })
    }
    // The task ends well when its port is closed: what it has answered last may have come too late.
    this.#pool.run(task, { transferList: [port2] }).then(() => end(), end)
    return thread
  }

  /** Whether a run on one thread would have met this failure first: of the earliest time, then of the first domain. */
  #isEarlier(one: Error, other: Error): boolean {
    const [time, otherTime] = [timeOf(one), timeOf(other)]
    return time < otherTime || (time === otherTime && this.#numberOf(one) < this.#numberOf(other))
  }

  #numberOf(error: Error): number {
    const domain = error instanceof HostbridgeError ? error.facts.domain : undefined
    return this.#plan.domains.findIndex(({ name }) => name === domain)
  }

  #deathOf(member: number, cause: unknown): HostbridgeError {
    const { time, domain: number } = this.#board.noted(member)
    const domains = this.#plan.domains.filter((_, domain) => this.#placement[domain] === member).map(({ name }) => name)
    const domain = this.#plan.domains[number]?.name ?? ''
    const why = cause instanceof Error ? cause.message : String(cause)
    const message = this.#closing
      ? 'the run has been closed'
      : `worker ${member} with ${domains.map((name) => `'${name}'`).join(', ')} has died at ${time} in '${domain}': ${why}`
    return new HostbridgeError('lockstep.worker-died', message, { worker: member, domain, domains, time }, { cause })
  }
}

function timeOf(error: Error): number {
  const time = error instanceof HostbridgeError ? error.facts.time : undefined
  return typeof time === 'number' ? time : Number.POSITIVE_INFINITY
}
