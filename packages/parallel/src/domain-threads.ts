import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { MessageChannel, type MessagePort, type ResourceLimits } from 'node:worker_threads'
import {
  allocateMemory,
  Barrier,
  Board,
  type HostbridgeError,
  type LockstepMemory,
  type LockstepPlan,
  placeDomains,
  SPINS,
} from '@hostbridge/core/lockstep'
import { Piscina } from 'piscina'
import { type Crew, runClosed } from './crew.ts'
import type { Answer, MemberTask } from './domain.worker.ts'
import type { Command, Reply } from './member.ts'
import { fromPlain } from './plain-error.ts'
import { ThreadFailures } from './thread-failures.ts'

/** `domain.worker` as it lies beside this file: `.ts` in the workspace, `.js` in the package. */
const DOMAIN_WORKER = new URL(`./domain.worker${extname(import.meta.url)}`, import.meta.url)

/** What has become of a command at one thread; `isSilent` where it has not answered in time. */
type Outcome = { readonly reply?: Reply; readonly error?: Error; readonly isSilent?: boolean }

/** One thread as its owner sees it. */
interface Thread {
  readonly port: MessagePort
  /** Takes the next answer, or the thread's death. */
  settle: ((outcome: Outcome) => void) | undefined
  /** How it has died. */
  death: HostbridgeError | undefined
  /** What has failed there in a window that the others are still at. */
  failing: Error | undefined
}

/** Runs domains on threads of their own, each of which has one long task of a piscina pool. */
export class DomainThreads implements Crew {
  readonly #plan: LockstepPlan
  readonly #placement: readonly number[]
  readonly #memory: LockstepMemory
  readonly #board: Board
  readonly #pool: Piscina<MemberTask, void>
  readonly #threads: readonly Thread[]
  readonly #failures: ThreadFailures
  /** How long threads may take to answer when another has failed or the run is to stop, in ms. */
  #grace = 0
  /** Runs while they do. */
  #patience: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined

  private constructor(plan: LockstepPlan, count: number, resourceLimits: ResourceLimits | undefined) {
    this.#plan = plan
    this.#placement = placeDomains(plan, count)
    this.#memory = allocateMemory(plan, count)
    this.#board = new Board(this.#memory.board)
    this.#failures = new ThreadFailures(plan, this.#placement, this.#board)
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
  static async open(
    plan: LockstepPlan,
    threads: number,
    grace: number,
    resourceLimits?: ResourceLimits,
  ): Promise<DomainThreads> {
    const crew = new DomainThreads(plan, threads, resourceLimits)
    try {
      const outcomes = await crew.#all(grace, () => {})
      // Others may take longer to load what they need; nobody waits for that.
      crew.#check(outcomes.filter(({ isSilent }) => !isSilent))
      return crew
    } catch (error) {
      await crew.close()
      throw error
    }
  }

  async perform(command: Command, grace: number): Promise<readonly Reply[]> {
    this.#board.requestStop(false)
    const outcomes = await this.#all(grace, ({ port }) => port.postMessage(command))
    this.#check(outcomes)
    return outcomes.map(({ reply }) => reply as Reply)
  }

  requestStop(): void {
    this.#board.requestStop(true)
    this.#hurry()
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    clearTimeout(this.#patience)
    Barrier.break(this.#memory.barrier)
    for (const { port } of this.#threads) port.close()
    await this.#pool.destroy()
  }

  /** Waits for one answer of each thread; from the first failure on no longer than the grace. */
  async #all(grace: number, tell: (thread: Thread) => void): Promise<readonly Outcome[]> {
    this.#grace = grace
    this.#patience = undefined
    const answers = this.#threads.map((thread): Outcome | Promise<Outcome> => {
      if (thread.death !== undefined) return this.#hurry({ error: thread.death })
      const outcome = new Promise<Outcome>((resolve) => {
        thread.settle = resolve
      })
      tell(thread)
      return outcome.then((settled) => (settled.error === undefined ? settled : this.#hurry(settled)))
    })
    try {
      return await Promise.all(answers)
    } finally {
      clearTimeout(this.#patience)
    }
  }

  /** Throws the earliest failure, or which thread has not answered after it. */
  #check(outcomes: readonly Outcome[]): void {
    const failure = this.#failures.earliest(outcomes.flatMap(({ error = [] }) => error))
    const silent = outcomes.flatMap(({ isSilent }, member) => {
      return isSilent ? this.#failures.silent(member, this.#grace, failure) : []
    })
    const error = this.#failures.earliest(silent) ?? failure
    if (error !== undefined) throw error
  }

  #hurry(outcome: Outcome = {}): Outcome {
    this.#patience ??= setTimeout(() => this.#giveUp(), this.#grace)
    return outcome
  }

  /** Waits for no thread any more. Those who are silent have not come to the barrier where the others wait for them. */
  #giveUp(): void {
    const { barrier } = this.#memory
    const late = this.#threads.flatMap((thread, member) => {
      return thread.settle === undefined ? [] : { thread, arrivals: Barrier.arrivals(barrier, member) }
    })
    const isAhead = (arrivals: number): boolean => late.some((other) => ((arrivals - other.arrivals) | 0) > 0)
    for (const { thread, arrivals } of late) {
      const { failing } = thread
      thread.settle?.(isAhead(arrivals) ? { ...(failing && { error: failing }) } : { isSilent: true })
      thread.settle = undefined
    }
  }

  #start(member: number, count: number): Thread {
    const { port1: port, port2 } = new MessageChannel()
    const thread: Thread = { port, settle: undefined, death: undefined, failing: undefined }
    const settle = (outcome: Outcome): void => {
      thread.settle?.(outcome)
      thread.settle = undefined
    }
    port.on('message', ({ reply, error, failing }: Answer) => {
      if (failing !== undefined) {
        thread.failing = fromPlain(failing)
        this.#hurry()
        return
      }
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
      thread.death = this.#closing ? runClosed() : this.#failures.died(member, cause)
      Barrier.break(this.#memory.barrier)
      settle({ error: thread.death })
    }
    // The task ends well when its port is closed: what it has answered last may have come too late.
    this.#pool.run(task, { transferList: [port2] }).then(() => end(), end)
    return thread
  }
}
