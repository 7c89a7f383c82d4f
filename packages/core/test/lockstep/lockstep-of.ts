import type { ComposeDomain, Domain, DomainModel } from '../../src/lockstep/domain.ts'
import { allocateMemory, type LockstepMemory, placeDomains } from '../../src/lockstep/memory.ts'
import { Partition } from '../../src/lockstep/partition.ts'
import type { LinkSpec, LockstepPlan } from '../../src/lockstep/plan.ts'
import { EventQueue } from '../../src/time/event-queue.ts'
import { Fingerprint } from '../../src/time/fingerprint.ts'

/** Composes the domains of a test in a queue of their own. */
export type ComposeTest = (domain: Domain, queue: EventQueue) => Partial<DomainModel> | undefined

/** All domains of a lockstep run on this thread. */
export class LockstepOf {
  readonly partition: Partition
  readonly memory: LockstepMemory

  constructor(
    links: readonly LinkSpec[],
    domains: Readonly<Record<string, ComposeTest>>,
    more: Partial<LockstepPlan> = {},
  ) {
    const plan = { domains: Object.keys(domains).map((name) => ({ name, module: '' })), links, ...more }
    const composers = new Map(
      Object.values(domains).map((compose, number): [number, ComposeDomain<unknown>] => {
        return [
          number,
          (domain) => {
            const queue = new EventQueue({ fingerprint: new Fingerprint() })
            // Its queue is there while the test composes.
            domain.own({ queue })
            return { queue, ...compose(domain, queue) }
          },
        ]
      }),
    )
    const memory = allocateMemory(plan, 1)
    this.memory = memory
    const options = { plan, memory, placement: placeDomains(plan, 1), member: 0, spins: 0 }
    this.partition = new Partition(options, composers)
  }

  domain(name: string): Domain {
    return this.partition.domains.find((domain) => domain.name === name) as Domain
  }

  get fingerprints(): (string | undefined)[] {
    return this.partition.domains.map(({ queue }) => queue.fingerprint?.toString())
  }
}

export function wire(latency: bigint, one = 'a', other = 'b'): LinkSpec {
  return { name: `${one}-${other}`, ends: [one, other], latency }
}

/** Has something done at an instant. */
export function at(domain: Domain, time: number, action: () => void): void {
  domain.queue.schedule(domain.event(`at ${time} #${domain.queue.size}`, action), time)
}
