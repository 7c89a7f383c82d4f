import { HostbridgeError } from '../errors.ts'
import { LAST_TICK } from '../time/tick.ts'
import { Delivery, sourceOf } from './delivery.ts'
import type { Domain } from './domain.ts'
import type { RingMessage } from './ring.ts'

/** What a listener is given; `payload` is its own to keep. */
export interface Message {
  readonly time: number
  readonly payload: Uint8Array
}

/** Something that is built on a port of a channel and has a state of its own. */
export interface PortUser {
  receive(message: Message): void
  /** Data that `structuredClone` takes. */
  save?(): unknown
  restore?(state: unknown): void
}

/** Where a channel leads. */
export interface ChannelPlace {
  readonly link: string
  readonly linkNumber: number
  /** Ticks. */
  readonly latency: number
  readonly peer: string
  readonly peerNumber: number
  /** Bytes of a message at most. */
  readonly longestPayload: number
}

export interface SendOptions {
  /** When it arrives, in ticks: `latency` from now or later; then unless told. */
  readonly at?: number
  /** Its priority among the events of that instant, -32768 to 32767; 0 unless told. */
  readonly priority?: number
}

/** One end of a link: sends messages to the other end, where they are events after the link's latency or later. */
export class Channel {
  readonly domain: Domain
  readonly place: ChannelPlace
  readonly #send: (message: RingMessage) => void
  readonly #users = new Map<number, PortUser>()
  /** Deliveries that have been made, to be used again, by priority. */
  readonly #spare = new Map<number, Delivery[]>()
  readonly #message: RingMessage
  readonly #deliver = (delivery: Delivery): void => this.#receive(delivery)
  readonly #deliveryName: string

  /** Only a domain makes channels. */
  constructor(domain: Domain, place: ChannelPlace, send: (message: RingMessage) => void) {
    this.domain = domain
    this.place = place
    this.#send = send
    this.#message = { time: 0, sequence: 0, priority: 0, link: place.linkNumber, port: 0, payload: new Uint8Array(0) }
    this.#deliveryName = `${place.link} from ${place.peer}`
  }

  /** The users of its ports, in the order of their numbers. */
  get users(): readonly [port: number, user: PortUser][] {
    return [...this.#users].sort(([a], [b]) => a - b)
  }

  /**
   * Lets a user, or a function, receive what comes for a port of this end, 0 to 2^31 - 1.
   *
   * @throws HostbridgeError `lockstep.port-taken`, `lockstep.port`.
   */
  listen(port: number, user: PortUser | ((message: Message) => void)): void {
    if (!isWhole(port, 0, LAST_PORT)) throw this.#notAPort(port)
    if (this.#users.has(port)) {
      const message = `port ${port} of link '${this.place.link}' at '${this.domain.name}' has a listener: use another port`
      throw new HostbridgeError('lockstep.port-taken', message, {
        link: this.place.link,
        port,
        domain: this.domain.name,
      })
    }
    this.#users.set(port, typeof user === 'function' ? { receive: user } : user)
  }

  /**
   * Sends a copy of `payload` to a port of the other end.
   *
   * @throws HostbridgeError `lockstep.lookahead` when it would arrive before the link's latency has passed, `lockstep.instant`
   *   beyond the end of time, `lockstep.port` and `lockstep.priority` for numbers that are none, `lockstep.message-size` when no
   *   ring of the plan's size could take it, `lockstep.backlog` when too much waits behind the ring.
   */
  send(port: number, payload: Uint8Array, options: SendOptions = {}): void {
    const { domain, place } = this
    const { now } = domain.queue
    const { at = now + place.latency, priority = 0 } = options
    if (!(Number.isInteger(at) && at >= now + place.latency && at <= LAST_TICK)) throw this.#tooEarly(at, now)
    if (!isWhole(port, 0, LAST_PORT)) throw this.#notAPort(port)
    if (!isWhole(priority, -0x8000, 0x7fff)) throw this.#notAPriority(priority)
    const message = this.#message
    message.time = at
    message.priority = priority
    message.port = port
    message.payload = payload
    message.sequence = domain.countMessage()
    this.#send(message)
  }

  /** Schedules a message that has come out of a ring or a saved state; only the domain's group does this. */
  accept(message: Readonly<Omit<RingMessage, 'link'>>): void {
    const delivery = this.#delivery(message.priority)
    delivery.port = message.port
    delivery.payload = message.payload.slice()
    this.domain.queue.scheduleAs(delivery, message.time, message.sequence)
  }

  #delivery(priority: number): Delivery {
    const spare = this.#spare.get(priority)?.pop()
    if (spare !== undefined) return spare
    const { linkNumber, peerNumber } = this.place
    return new Delivery(this.#deliveryName, linkNumber, priority, sourceOf(peerNumber), this.#deliver)
  }

  #receive(delivery: Delivery): void {
    const { port, payload, priority } = delivery
    const spares = this.#spare.get(priority)
    if (spares === undefined) this.#spare.set(priority, [delivery])
    else spares.push(delivery)
    const user = this.#users.get(port)
    if (user !== undefined) {
      user.receive({ time: this.domain.queue.now, payload })
      return
    }
    const { link, peer } = this.place
    throw new HostbridgeError(
      'lockstep.no-listener',
      `'${peer}' has sent a message to port ${port} of link '${link}', where '${this.domain.name}' does not listen`,
      { link, port, from: peer, to: this.domain.name },
    )
  }

  #notAPort(port: number): HostbridgeError {
    const { link } = this.place
    const message = `link '${link}' at '${this.domain.name}' has no port ${port}: ports are whole numbers, 0 to ${LAST_PORT}`
    return new HostbridgeError('lockstep.port', message, { link, port, domain: this.domain.name })
  }

  #notAPriority(priority: number): HostbridgeError {
    const { link, peer } = this.place
    const from = this.domain.name
    const message =
      `a message on link '${link}' from '${from}' to '${peer}' cannot have priority ${priority}: priorities are whole numbers, ` +
      '-32768 to 32767'
    return new HostbridgeError('lockstep.priority', message, { link, from, to: peer, priority })
  }

  #tooEarly(at: number, now: number): HostbridgeError {
    const { link, peer, latency } = this.place
    const from = this.domain.name
    if (at > LAST_TICK || !Number.isInteger(at)) {
      const message = `a message on link '${link}' from '${from}' to '${peer}' cannot arrive at ${at}: that is no instant`
      return new HostbridgeError('lockstep.instant', message, { link, from, to: peer, at })
    }
    return new HostbridgeError(
      'lockstep.lookahead',
      `a message on link '${link}' from '${from}' at ${now} cannot reach '${peer}' at ${at}: '${peer}' may be there ` +
        `already, for the link promises a latency of ${latency}; send it for ${now + latency} or later, or lower the latency`,
      { link, from, to: peer, now, at, latency },
    )
  }
}

/** A ring keeps it in 32 bits. */
const LAST_PORT = 2 ** 31 - 1

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && least <= value && value <= most
}
