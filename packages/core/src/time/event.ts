import { HostbridgeError } from '../errors.ts'
import type { EventQueue } from './event-queue.ts'
import { hashText } from './fingerprint.ts'

/** What comes first among the events of one instant: lower numbers do; any whole number of 16 bits with a sign will do. */
export const EventPriority = {
  /** A tracer or debugger is switched on before the instant that it is to see. */
  first: -100,
  /** A transfer that ends at an instant has ended for everybody who looks at its status at that instant. */
  completion: -10,
  /** What has no reason to come earlier or later. */
  normal: 0,
  /** Plugging and unplugging find the traffic of the instant done, so that no transfer is cut which was due already. */
  hotplug: 10,
  /** Counters and checks see an instant when it is settled. */
  sample: 50,
  /** An end of the run, and a restart of the machine, let everything else of the instant happen. */
  last: 100,
} as const

export interface SimEventOptions {
  /** Stands in error messages. */
  readonly name?: string
  /** -32768 to 32767, see {@link EventPriority}; 0 if left out. */
  readonly priority?: number
  /** Number of the domain that schedules the event, 0 to 65535: the same however domains are spread over workers. */
  readonly source?: number
}

/** Something that happens at an instant of virtual time; may be scheduled again and again, once at a time. */
export class SimEvent {
  readonly name: string
  /** Is given the event, so that one function serves any number of them. */
  readonly action: (event: SimEvent) => void
  /** Priority and source in one signed 32-bit number that sorts by priority, then by source. */
  readonly rank: number
  /** The queue that it waits in, or waited in last; kept by that queue. */
  queue: EventQueue | undefined = undefined
  /** Its handle in the queue; negative while it does not wait, and other than -1 if the queue keeps a place for it. */
  slot = -1
  #nameHash = 0

  /** @throws HostbridgeError `time.order` for a priority or source out of bounds. */
  constructor(action: (event: SimEvent) => void, options: SimEventOptions = {}) {
    const { name = action.name || 'anonymous', priority = EventPriority.normal, source = 0 } = options
    if (!inBounds(priority, -0x8000, 0x7fff) || !inBounds(source, 0, 0xffff)) {
      throw new HostbridgeError(
        'time.order',
        `event ${name} has priority ${priority} and source ${source}: they must be whole, -32768 to 32767 and 0 to 65535`,
        { name, priority, source },
      )
    }
    this.name = name
    this.action = action
    this.rank = priority * 0x1_0000 + source
  }

  get scheduled(): boolean {
    return this.slot >= 0
  }

  /** When it happens, in ticks; `NaN` while it does not wait. */
  get time(): number {
    return this.slot >= 0 && this.queue ? this.queue.timeOf(this.slot) : Number.NaN
  }

  /** Which scheduling of its source it is, counted from 0; `NaN` while it does not wait. */
  get sequence(): number {
    return this.slot >= 0 && this.queue ? this.queue.sequenceOf(this.slot) : Number.NaN
  }

  /** The hash of its name for a fingerprint, calculated when it is first asked for. */
  get nameHash(): number {
    return this.#nameHash || this.#hashName()
  }

  get priority(): number {
    return this.rank >> 16
  }

  get source(): number {
    return this.rank & 0xffff
  }

  #hashName(): number {
    this.#nameHash = hashText(this.name) || 1
    return this.#nameHash
  }
}

function inBounds(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && least <= value && value <= most
}
