import { HostbridgeError } from '../errors.ts'
import { SimEvent, type SimEventOptions } from '../time/event.ts'
import type { EventQueue } from '../time/event-queue.ts'
import { Channel, type ChannelPlace } from './channel.ts'
import { Delivery } from './delivery.ts'
import type { RingMessage } from './ring.ts'

/** What lives in a domain: a machine, say, or anything with events of its own. */
export interface DomainModel {
  /** With a fingerprint, if the domain is to have one. */
  readonly queue: EventQueue
  /** Data that `structuredClone` takes; without it only the domain's own events and messages are saved. */
  save?(): unknown
  /** Takes up a saved state; the queue has the saved time and is empty, so it schedules its events anew. */
  restore?(state: unknown): void
  /** Why somebody in it has stopped the run, since {@link clearStop}: it ends with its window then. */
  stopCause?(): string | undefined
  clearStop?(): void
  /** Those in it who wait for each other, or for somebody in another domain, whose name they begin with: `right/disk`. */
  readonly waits?: Iterable<Pick<Wait, 'who' | 'whom' | 'what'>>
}

/** Composes what lives in a domain; `args` are those of its {@link DomainSpec}. Runs on the thread that owns the domain. */
export type ComposeDomain<Args = never> = (domain: Domain, args: Args) => DomainModel

/** Somebody in a domain who waits for another. */
export interface Wait {
  readonly domain: string
  readonly who: string
  /** Of the same domain, or with the name of another one before it: `right/disk`. */
  readonly whom: string
  readonly what: string
}

/** A part of a lockstep run that lives in a queue of its own and knows the others by its channels alone. */
export class Domain {
  readonly name: string
  readonly number: number
  readonly #channels = new Map<string, Channel>()
  readonly #byLink = new Map<number, Channel>()
  readonly #events = new Map<string, SimEvent>()
  readonly #waits = new Set<Wait>()
  #model: DomainModel | undefined
  #messages = 0
  #stopCause: string | undefined

  constructor(name: string, number: number) {
    this.name = name
    this.number = number
  }

  /** What has been composed. @throws HostbridgeError `lockstep.composing` while it is being composed. */
  get model(): DomainModel {
    if (this.#model !== undefined) return this.#model
    const message = `domain '${this.name}' is being composed and has no time yet: send and wait from events`
    throw new HostbridgeError('lockstep.composing', message, { domain: this.name })
  }

  get queue(): EventQueue {
    return this.model.queue
  }

  get channels(): readonly Channel[] {
    return [...this.#channels.values()]
  }

  /** Its end of a link. @throws HostbridgeError `lockstep.no-link`. */
  channel(link: string): Channel {
    const channel = this.#channels.get(link)
    if (channel !== undefined) return channel
    const known = [...this.#channels.keys()].join(', ') || 'none'
    const message = `domain '${this.name}' has no link '${link}': its links are ${known}`
    throw new HostbridgeError('lockstep.no-link', message, { domain: this.name, link })
  }

  /**
   * Makes an event that is saved and restored with the domain, where it waits by then; for a model that does not save its
   * events itself.
   *
   * @throws HostbridgeError `lockstep.event-name` for a name that another one has.
   */
  event(name: string, action: () => void, options: Omit<SimEventOptions, 'name' | 'source'> = {}): SimEvent {
    if (this.#events.has(name)) {
      const message = `domain '${this.name}' has an event '${name}' already: the name tells which one a saved event is`
      throw new HostbridgeError('lockstep.event-name', message, { domain: this.name, event: name })
    }
    const event = new SimEvent(action, { ...options, name })
    this.#events.set(name, event)
    return event
  }

  /**
   * Says that somebody in this domain waits for another, who may be in another domain (`right/disk`), to do something; returns
   * what ends the wait.
   *
   * When nothing can happen any more in any domain and somebody waits, that is a deadlock. Waits are not saved: who still
   * waits when a state has been restored says so again.
   */
  waitFor(who: string, whom: string, what: string): () => void {
    const wait = { domain: this.name, who, whom, what }
    this.#waits.add(wait)
    return () => this.#waits.delete(wait)
  }

  /** Ends all waits of the domain, when a state is restored. */
  forgetWaits(): void {
    this.#waits.clear()
  }

  get waits(): readonly Wait[] {
    const inside = [...(this.#model?.waits ?? [])]
    return [...this.#waits, ...inside.map(({ who, whom, what }) => ({ domain: this.name, who, whom, what }))]
  }

  /**
   * Ends the run with the window that is under way. How far the others are then depends on the quantum; what happens in
   * which order does not.
   */
  stop(cause: string): void {
    this.#stopCause ??= cause
  }

  get stopCause(): string | undefined {
    return this.#stopCause ?? this.#model?.stopCause?.()
  }

  /** Forgets who has stopped it, before the next run. */
  clearStop(): void {
    this.#stopCause = undefined
    this.#model?.clearStop?.()
  }

  /** Makes its end of a link; before it is composed. */
  connect(place: ChannelPlace, send: (message: RingMessage) => void): void {
    const channel = new Channel(this, place, send)
    this.#channels.set(place.link, channel)
    this.#byLink.set(place.linkNumber, channel)
  }

  /** Takes what has been composed for it. @throws HostbridgeError `lockstep.model` for what has no queue. */
  own(model: DomainModel): void {
    if (typeof model?.queue?.serviceOne !== 'function') {
      const message = `the module of domain '${this.name}' has composed nothing with a queue: return a machine, or { queue }`
      throw new HostbridgeError('lockstep.model', message, { domain: this.name })
    }
    this.#model = model
  }

  /** Numbers a message that is being sent. */
  countMessage(): number {
    return this.#messages++
  }

  accept(message: Readonly<RingMessage>): void {
    this.#byLink.get(message.link)?.accept(message)
  }

  /** How many messages it has sent. */
  get messages(): number {
    return this.#messages
  }

  /** Sets that number, when a state is restored. */
  set messages(count: number) {
    this.#messages = count
  }

  /** Whether an event of its queue is the domain's own, and not the model's. */
  owns(event: SimEvent): boolean {
    return event instanceof Delivery || this.#events.get(event.name) === event
  }

  /** The event of that name that {@link event} made. */
  eventNamed(name: string): SimEvent | undefined {
    return this.#events.get(name)
  }

  channelOf(link: number): Channel | undefined {
    return this.#byLink.get(link)
  }
}
