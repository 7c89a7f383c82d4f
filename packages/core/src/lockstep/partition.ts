import { HostbridgeError } from '../errors.ts'
import { Barrier } from './barrier.ts'
import { Board, Notice } from './board.ts'
import { type ComposeDomain, Domain } from './domain.ts'
import type { LockstepMemory } from './memory.ts'
import { Outbox } from './outbox.ts'
import { checkPlan, DEFAULT_BACKLOG_BYTES, type LockstepPlan } from './plan.ts'
import { Ring, type RingMessage } from './ring.ts'
import { windowEnd } from './window.ts'

/** What one thread needs to take part in a lockstep run. */
export interface PartitionOptions {
  readonly plan: LockstepPlan
  readonly memory: LockstepMemory
  /** The thread of each domain. */
  readonly placement: readonly number[]
  /** Which thread this is. */
  readonly member: number
  /** See {@link Barrier}. */
  readonly spins: number
}

/**
 * Why a run has ended. `paused`: it was asked to, and goes on when it is run again. `broken`: another thread has failed.
 */
export type PartitionEnd = 'until' | 'idle' | 'stopped' | 'paused' | 'broken'

/** Asking for the time takes a tenth of a short window. */
const WINDOWS_BETWEEN_PAUSES = 8

interface Inlet {
  readonly ring: Ring
  readonly accept: (message: Readonly<RingMessage>) => void
}

/**
 * The domains of one thread, run in windows together with those of the other threads.
 *
 * In a window each domain lets its events happen as if it was alone; then all threads meet at a barrier, messages are taken
 * over, and the next window begins with the earliest event of all. Which thread has which domain changes nothing.
 */
export class Partition {
  readonly domains: readonly Domain[]
  readonly #quantum: number
  readonly #member: number
  readonly #barrier: Barrier
  readonly #board: Board
  readonly #inlets: readonly Inlet[]
  readonly #outboxes: readonly Outbox[]
  /** The earliest failure, of a window of which there are several. */
  #failure: HostbridgeError | undefined
  #onFailure: ((failure: HostbridgeError) => void) | undefined
  #window = 0
  #events = 0

  /** Composes the domains of this thread; `composers` has a function for each of them, by number. */
  constructor(options: PartitionOptions, composers: ReadonlyMap<number, ComposeDomain<unknown>>) {
    const { plan, memory, placement, member, spins } = options
    this.#quantum = checkPlan(plan)
    this.#member = member
    this.#barrier = new Barrier(memory.barrier, member, spins)
    this.#board = new Board(memory.board)
    const domains = new Map<number, Domain>()
    plan.domains.forEach(({ name }, number) => {
      if (placement[number] === member) domains.set(number, new Domain(name, number))
    })
    this.domains = [...domains.values()]
    const outboxes = new Map<string, Outbox>()
    const inlets: Inlet[] = []
    const nameOf = (number: number): string => plan.domains[number]?.name ?? ''
    for (const { from, to, buffer } of memory.rings) {
      const receiver = domains.get(to)
      if (receiver !== undefined) inlets.push({ ring: new Ring(buffer), accept: (message) => receiver.accept(message) })
      if (!domains.has(from)) continue
      const most = plan.backlogBytes ?? DEFAULT_BACKLOG_BYTES
      outboxes.set(`${from} ${to}`, new Outbox(nameOf(from), nameOf(to), new Ring(buffer), most))
    }
    this.#inlets = inlets
    this.#outboxes = [...outboxes.values()]
    for (const domain of this.domains) connect(domain, plan, outboxes)
    for (const domain of this.domains) compose(domain, plan, composers)
  }

  /** Events that have happened in the domains of this thread. */
  get events(): number {
    return this.#events
  }

  /** Windows that have been; the same for all threads. */
  get windows(): number {
    return this.#window
  }

  /**
   * Lets events happen up to and at tick `last`. All threads must be given the same; the thread is blocked while it waits for
   * the others. `pause` is asked now and then between windows, and may say yes only where there is no other thread. A failure
   * is given to `onFailure` at once, for the others may take long to come to the end of the window, or never do.
   *
   * @throws HostbridgeError `lockstep.domain-failed`, naming the domain and its time, with what it threw as the cause. All
   *   others have come to the end of that window then, on the other threads too, whose runs end as `broken`.
   */
  run(last: number, pause?: () => boolean, onFailure?: (failure: HostbridgeError) => void): PartitionEnd {
    const board = this.#board
    this.#onFailure = onFailure
    for (;;) {
      const window = ++this.#window
      this.#post(window)
      // A thread that has seen all the failures of a window breaks the barrier, maybe while this one still leaves it.
      if (!this.#barrier.arrive()) return this.#giveUp()
      const { earliest, notices } = board.read(window)
      for (const { ring, accept } of this.#inlets) ring.take(window, accept)
      // A ring was too small for a window's messages: nothing happens until the rest has passed through it.
      if ((notices & Notice.failed) !== 0) return this.#giveUp()
      if ((notices & Notice.backlog) !== 0) continue
      if ((notices & Notice.stop) !== 0) return 'stopped'
      if (earliest > last) return earliest === Number.POSITIVE_INFINITY ? 'idle' : 'until'
      this.#serve(windowEnd(earliest, this.#quantum, last))
      if (pause !== undefined && window % WINDOWS_BETWEEN_PAUSES === 0 && pause()) return 'paused'
    }
  }

  /** Forgets who has stopped the last run. */
  clearStops(): void {
    for (const domain of this.domains) domain.clearStop()
  }

  /** Brings all domains to an instant before which nothing waits. */
  advanceTo(time: number): void {
    for (const { queue } of this.domains) queue.advanceTo(time)
  }

  /** Tells the others, by the barrier that follows, of all that comes next here or from here. */
  #post(window: number): void {
    let earliest = Number.POSITIVE_INFINITY
    let notices: number = this.#failure === undefined ? 0 : Notice.failed
    if (this.#member === 0 && this.#board.stopRequested) notices |= Notice.stop
    for (const domain of this.domains) {
      earliest = Math.min(earliest, domain.queue.nextTick())
      if (domain.stopCause !== undefined) notices |= Notice.stop
    }
    for (const outbox of this.#outboxes) {
      earliest = Math.min(earliest, outbox.publish(window))
      if (outbox.hasBacklog) notices |= Notice.backlog
    }
    this.#board.post(window, this.#member, earliest, notices)
  }

  #fail({ name, queue: { now } }: Domain, cause: unknown): void {
    const earlier = this.#failure?.facts.time as number | undefined
    if (earlier !== undefined && now >= earlier) return
    this.#failure = domainFailed(name, now, cause)
    this.#onFailure?.(this.#failure)
  }

  #giveUp(): 'broken' {
    if (this.#failure !== undefined) throw this.#failure
    return 'broken'
  }

  #serve(end: number): void {
    for (const domain of this.domains) {
      const { queue } = domain
      try {
        for (let time = queue.nextTick(); time < end; time = queue.nextTick()) {
          this.#board.note(this.#member, time, domain.number)
          queue.serviceOne()
          this.#events++
        }
        if (queue.now >= end) throw overrun(domain, end)
      } catch (cause) {
        this.#fail(domain, cause)
      }
    }
  }
}

function connect(domain: Domain, plan: LockstepPlan, outboxes: ReadonlyMap<string, Outbox>): void {
  plan.links.forEach(({ name, ends, latency }, linkNumber) => {
    const side = ends.indexOf(domain.name)
    if (side < 0) return
    const peer = ends[1 - side] as string
    const peerNumber = plan.domains.findIndex((other) => other.name === peer)
    const outbox = outboxes.get(`${domain.number} ${peerNumber}`) as Outbox
    const { longestPayload } = outbox
    const place = { link: name, linkNumber, latency: Number(latency), peer, peerNumber, longestPayload }
    domain.connect(place, (message) => outbox.send(message))
  })
}

function compose(domain: Domain, plan: LockstepPlan, composers: ReadonlyMap<number, ComposeDomain<unknown>>): void {
  try {
    const spec = plan.domains[domain.number]
    const composer = composers.get(domain.number) as ComposeDomain<unknown>
    domain.own(composer(domain, spec?.args))
  } catch (cause) {
    const message = `domain '${domain.name}' cannot be composed: ${messageOf(cause)}`
    throw new HostbridgeError('lockstep.compose', message, { domain: domain.name }, { cause })
  }
}

function overrun({ name, queue: { now } }: Domain, end: number): HostbridgeError {
  const message =
    `domain '${name}' has come to ${now} in a window that ends before ${end}, and others may have sent it messages for that time: ` +
    'an event of it has run its queue or machine, which only the lockstep run may do'
  return new HostbridgeError('lockstep.overrun', message, { domain: name, time: now, end })
}

/** The error of a run in which a domain has failed. */
export function domainFailed(domain: string, time: number, cause: unknown): HostbridgeError {
  const message = `domain '${domain}' has failed at ${time}: ${messageOf(cause)}`
  return new HostbridgeError('lockstep.domain-failed', message, { domain, time }, { cause })
}

/** What has been thrown, in words; anything can be. */
export function messageOf(cause: unknown): string {
  try {
    return cause instanceof Error ? cause.message : String(cause)
  } catch {
    return 'it has thrown what has no text'
  }
}
