import { type Board, HostbridgeError, type LockstepPlan } from '@hostbridge/core/lockstep'

/** What is told of threads that have died or do not answer, and of several failures which. */
export class ThreadFailures {
  readonly #plan: LockstepPlan
  readonly #placement: readonly number[]
  readonly #board: Board

  constructor(plan: LockstepPlan, placement: readonly number[], board: Board) {
    this.#plan = plan
    this.#placement = placement
    this.#board = board
  }

  died(member: number, cause: unknown): HostbridgeError {
    const { facts, who, where } = this.#lastOf(member)
    const why = cause instanceof Error ? cause.message : String(cause)
    return new HostbridgeError('lockstep.worker-died', `${who} has died ${where}: ${why}`, facts, { cause })
  }

  /** `cause` is what it should have answered after: the failure of another thread, or an abort, which is none. */
  silent(member: number, grace: number, cause: Error | undefined): HostbridgeError {
    const { facts, who, where } = this.#lastOf(member)
    const message =
      `${who} has been ended ${where}, for it did not answer within ${grace} ms: look there for a loop without end, or give ` +
      `it more grace. It was to end because of ${cause === undefined ? 'an abort' : `this: ${cause.message}`}`
    return new HostbridgeError('lockstep.worker-silent', message, { ...facts, grace }, cause && { cause })
  }

  /** Which of them a run on one thread would have met first: of the earliest time, then of the first domain. */
  earliest(errors: readonly Error[]): Error | undefined {
    const [first, ...others] = errors
    return others.reduce((one, other) => (one !== undefined && this.#isEarlier(other, one) ? other : one), first)
  }

  #lastOf(member: number): { facts: Readonly<Record<string, unknown>>; who: string; where: string } {
    const domains = this.#plan.domains.filter((_, domain) => this.#placement[domain] === member).map(({ name }) => name)
    const last = this.#board.noted(member)
    const domain = last && this.#plan.domains[last.domain]?.name
    return {
      facts: { worker: member, domain, domains, time: last?.time },
      who: `worker ${member} with ${domains.map((name) => `'${name}'`).join(', ')}`,
      where: last === undefined ? 'before its first event' : `at ${last.time} in '${domain}'`,
    }
  }

  #isEarlier(one: Error, other: Error): boolean {
    const [time, otherTime] = [timeOf(one), timeOf(other)]
    return time < otherTime || (time === otherTime && this.#numberOf(one) < this.#numberOf(other))
  }

  #numberOf(error: Error): number {
    const domain = error instanceof HostbridgeError ? error.facts.domain : undefined
    return this.#plan.domains.findIndex(({ name }) => name === domain)
  }
}

function timeOf(error: Error): number {
  const time = error instanceof HostbridgeError ? error.facts.time : undefined
  return typeof time === 'number' ? time : Number.POSITIVE_INFINITY
}
