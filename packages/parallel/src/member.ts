import {
  type ComposeDomain,
  type DomainSpec,
  type DomainState,
  HostbridgeError,
  Partition,
  type PartitionEnd,
  type PartitionOptions,
  restoreDomain,
  saveDomain,
  type Wait,
} from '@hostbridge/core/lockstep'

/** What the threads of a lockstep run are told, all of them the same. */
export type Command =
  | { readonly kind: 'run'; readonly last: number; readonly advances: boolean }
  | { readonly kind: 'save' }
  /** Of all domains, by number. */
  | { readonly kind: 'restore'; readonly states: readonly DomainState[] }

/** How a domain stands after a run. */
export interface DomainReport {
  readonly name: string
  readonly number: number
  readonly now: number
  /** Of its events up to now, where its queue has one. */
  readonly fingerprint: string | undefined
  /** Events that it counts; 0 where there is none. */
  readonly happened: number
  readonly stopCause: string | undefined
}

/** What one thread answers. */
export interface Reply {
  readonly end?: PartitionEnd
  /** Events of its domains, and windows, since it began. */
  readonly events: number
  readonly windows: number
  readonly domains: readonly DomainReport[]
  readonly waits: readonly Wait[]
  readonly states?: readonly DomainState[]
}

/** One thread's part in a lockstep run: its domains, and what it does with them when it is told. */
export class Member {
  readonly #partition: Partition

  private constructor(partition: Partition) {
    this.#partition = partition
  }

  /** Loads the modules of its domains and composes them. @throws HostbridgeError `lockstep.module`, `lockstep.compose`. */
  static async open(options: PartitionOptions): Promise<Member> {
    const composers = new Map<number, ComposeDomain<unknown>>()
    for (const [number, spec] of options.plan.domains.entries()) {
      if (options.placement[number] !== options.member) continue
      const composer = await loadComposer(spec)
      // Who else is on its thread sees nothing of what a domain does to its arguments.
      composers.set(number, (domain, args) => composer(domain, structuredClone(args)))
    }
    return new Member(new Partition(options, composers))
  }

  /** `pause` and `onFailure` are those of {@link Partition.run}. */
  perform(command: Command, pause?: () => boolean, onFailure?: (failure: HostbridgeError) => void): Reply {
    const partition = this.#partition
    switch (command.kind) {
      case 'run': {
        const end = partition.run(command.last, pause, onFailure)
        if (command.advances && (end === 'until' || end === 'idle')) partition.advanceTo(command.last)
        return { ...this.#reply(), end }
      }
      case 'save':
        return { ...this.#reply(), states: partition.domains.map(saveDomain) }
      case 'restore': {
        for (const domain of partition.domains) restoreDomain(domain, command.states[domain.number] as DomainState)
        return this.#reply()
      }
    }
  }

  /** To be called before a run that is no continuation of a paused one. */
  clearStops(): void {
    this.#partition.clearStops()
  }

  #reply(): Reply {
    const { domains, events, windows } = this.#partition
    return {
      events,
      windows,
      domains: domains.map(({ name, number, queue, stopCause }) => {
        const { fingerprint } = queue
        const happened = fingerprint?.events ?? 0
        return { name, number, now: queue.now, fingerprint: fingerprint?.toString(), happened, stopCause }
      }),
      waits: domains.flatMap(({ waits }) => waits),
    }
  }
}

async function loadComposer(spec: DomainSpec): Promise<ComposeDomain<unknown>> {
  const { name, module, export: exported = 'default' } = spec
  const fail = (why: string, cause?: unknown): never => {
    const message = `domain '${name}' cannot be composed by '${exported}' of ${module}: ${why}`
    throw new HostbridgeError('lockstep.module', message, { domain: name, module, export: exported }, { cause })
  }
  const loaded = (await import(module).catch((cause: unknown) => fail(String(cause), cause))) as Record<string, unknown>
  const composer = loaded[exported]
  return typeof composer === 'function' ? (composer as ComposeDomain<unknown>) : fail('it exports no such function')
}
