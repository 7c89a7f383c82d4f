import { HostbridgeError } from '../errors.ts'
import { LAST_TICK } from '../time/tick.ts'

/** A domain of a lockstep run: what is composed on its own and shares nothing with the others but links. */
export interface DomainSpec {
  readonly name: string
  /** URL of the module that composes it. */
  readonly module: string
  /** The function in that module, see {@link ComposeDomain}; `default` unless told. */
  readonly export?: string
  /** What the function is given besides: data that `structuredClone` takes. */
  readonly args?: unknown
}

/** A link between two domains, for messages in both directions. */
export interface LinkSpec {
  readonly name: string
  /** The names of the two domains. */
  readonly ends: readonly [string, string]
  /** Ticks that a message takes at least; 1 or more. The smallest of all links is the lookahead. */
  readonly latency: bigint
}

/** The domains and links of a lockstep run, as plain data. */
export interface LockstepPlan {
  readonly domains: readonly DomainSpec[]
  readonly links: readonly LinkSpec[]
  /** Ticks of a window, 1 to the lookahead; the lookahead unless told. */
  readonly quantum?: bigint
  /** Size of the ring for each direction between two domains that a link joins: a power of two from 1 KiB; 64 KiB unless told. */
  readonly ringBytes?: number
  /** Most bytes that may wait behind a full ring, in the sender's memory, 1 KiB or more; 64 MiB unless told. */
  readonly backlogBytes?: number
}

export const DEFAULT_BACKLOG_BYTES: number = 2 ** 26

/** Most domains of a plan: source 0 of an event is the domain itself, the rest of the 16 bits are the others. */
const MOST_DOMAINS = 0xffff

/**
 * The smallest latency of all links, in ticks: nobody sees what another does earlier. Without links that is never.
 */
export function lookaheadOf(links: readonly LinkSpec[]): number {
  return links.reduce((least, { latency }) => Math.min(least, Number(latency)), LAST_TICK)
}

/**
 * Checks a plan and returns its quantum in ticks.
 *
 * @throws HostbridgeError `lockstep.domains`, `lockstep.link`, `lockstep.latency`, `lockstep.quantum`, `lockstep.ring-bytes`,
 *   `lockstep.backlog-bytes`.
 */
export function checkPlan(plan: LockstepPlan): number {
  const { domains, links, ringBytes, backlogBytes } = plan
  const names = new Set(domains.map(({ name }) => name))
  if (names.size !== domains.length || domains.length === 0 || domains.length >= MOST_DOMAINS) {
    const message = `${domains.length} domains have ${names.size} names: give 1 to ${MOST_DOMAINS - 1} domains a name each`
    throw new HostbridgeError('lockstep.domains', message, { domains: domains.map(({ name }) => name) })
  }
  const linkNames = new Set<string>()
  for (const link of links) {
    checkLink(link, names)
    if (linkNames.has(link.name)) throw linkError(link, 'another link has its name')
    linkNames.add(link.name)
  }
  if (
    ringBytes !== undefined &&
    !(Number.isInteger(Math.log2(ringBytes)) && ringBytes >= 1024 && ringBytes <= 2 ** 30)
  ) {
    const message = `a ring cannot have ${ringBytes} bytes: give a power of two from 2^10 to 2^30`
    throw new HostbridgeError('lockstep.ring-bytes', message, { ringBytes })
  }
  if (backlogBytes !== undefined && !(backlogBytes >= 1024)) {
    const message = `${backlogBytes} bytes are too few to wait behind a ring: give 1024 or more`
    throw new HostbridgeError('lockstep.backlog-bytes', message, { backlogBytes })
  }
  return checkQuantum(plan)
}

function checkLink(link: LinkSpec, names: ReadonlySet<string>): void {
  const [one, other] = link.ends
  const unknown = link.ends.find((end) => !names.has(end))
  if (unknown !== undefined) throw linkError(link, `there is no domain '${unknown}'`)
  if (one === other) throw linkError(link, 'both ends are one domain, which needs no link')
  if (link.latency >= 1n && link.latency <= LAST_TICK) return
  throw new HostbridgeError(
    'lockstep.latency',
    `link '${link.name}' between '${one}' and '${other}' has a latency of ${link.latency} ticks: give it 1 or more, for ` +
      'that is how far its ends can run apart',
    { link: link.name, ends: link.ends, latency: link.latency },
  )
}

function linkError(link: LinkSpec, why: string): HostbridgeError {
  const message = `link '${link.name}' cannot join '${link.ends[0]}' and '${link.ends[1]}': ${why}`
  return new HostbridgeError('lockstep.link', message, { link: link.name, ends: link.ends })
}

function checkQuantum({ links, quantum }: LockstepPlan): number {
  const lookahead = lookaheadOf(links)
  if (quantum === undefined) return lookahead
  if (quantum >= 1n && quantum <= lookahead) return Number(quantum)
  const shortest = links.find(({ latency }) => Number(latency) === lookahead)
  const because =
    shortest === undefined
      ? ''
      : `, the latency of link '${shortest.name}' between '${shortest.ends[0]}' and '${shortest.ends[1]}'`
  throw new HostbridgeError(
    'lockstep.quantum',
    `a window cannot last ${quantum} ticks: give it 1 to ${lookahead}${because}`,
    { quantum, lookahead, link: shortest?.name, ends: shortest?.ends },
  )
}
