import { HostbridgeError } from '../errors.ts'

/** Bytes that the bounce buffers of one address space may have together, unless set otherwise (BB-8). */
export const DEFAULT_BOUNCE_LIMIT = 4096

/** Rounds of calls that clients may set off by registering from a call while there is room. */
const MOST_ROUNDS = 1000

/** Is called once, when a mapping that came out too short may succeed. */
export type MapClient = () => void

/** One registration; a client may have several. */
interface Waiting {
  readonly client: MapClient
}

/** How many bytes of bounce buffers an address space has lent, and who waits for some of them (BB-3, BB-6). */
export class BounceBudget {
  readonly #name: string
  #limit = DEFAULT_BOUNCE_LIMIT
  #used = 0
  /** The newest is the last. */
  readonly #waiting: Waiting[] = []
  #calling = false

  /** `name` is the address space's. */
  constructor(name: string) {
    this.#name = name
  }

  /** Bytes; default 4096. */
  get limit(): number {
    return this.#limit
  }

  /** A smaller limit takes back nothing that is lent; a larger one calls those who wait. */
  set limit(bytes: number) {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new HostbridgeError(
        'memory.bounce-limit',
        `the bounce buffers of '${this.#name}' cannot be limited to ${bytes} bytes: give an integer of 0 or more`,
        { space: this.#name, limit: bytes },
      )
    }
    this.#limit = bytes
    this.#callIfRoom()
  }

  /** Bytes in buffers that have not been given back. */
  get used(): number {
    return this.#used
  }

  /** Clients that have not been called yet. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Lends up to `wanted` bytes, as many as there are; 0 where there are none. */
  take(wanted: number): number {
    const granted = Math.max(0, Math.min(wanted, this.#limit - this.#used))
    this.#used += granted
    return granted
  }

  /** Takes lent bytes back and calls everybody who waits, whatever there is room for (BB-5). */
  give(bytes: number): void {
    this.#used -= bytes
    this.#call()
  }

  /** Lets `client` be called once when there is room: at once where there is some already, so that no wake-up is lost (BB-6). */
  register(client: MapClient): void {
    this.#waiting.push({ client })
    this.#callIfRoom()
  }

  /** Forgets the newest registration of `client`; false where it has none. */
  unregister(client: MapClient): boolean {
    const index = this.#waiting.findLastIndex((waiting) => waiting.client === client)
    if (index < 0) return false
    this.#waiting.splice(index, 1)
    return true
  }

  /** @throws HostbridgeError `memory.space-in-use` where something is lent, or somebody waits (LR-6). */
  checkIdle(): void {
    const { used, waiting } = this
    if (used === 0 && waiting === 0) return
    throw new HostbridgeError(
      'memory.space-in-use',
      `'${this.#name}' cannot be destroyed: mappings hold ${used} bytes of its bounce buffers and ${waiting} clients wait for some; ` +
        'unmap and unregister first',
      { space: this.#name, used, waiting },
    )
  }

  #callIfRoom(): void {
    if (this.#used < this.#limit) this.#call()
  }

  /** Calls the newest first. Who registers from a call is called in a next round, if there still is room. */
  #call(): void {
    if (this.#calling) return
    this.#calling = true
    const failures: unknown[] = []
    try {
      let rounds = 0
      do {
        if (++rounds > MOST_ROUNDS) throw this.#endless()
        for (const waiting of this.#waiting.toReversed()) this.#callOne(waiting, failures)
      } while (this.#waiting.length > 0 && this.#used < this.#limit)
    } finally {
      this.#calling = false
    }
    if (failures.length > 0) throw failures[0]
  }

  /** One that throws keeps no other from being called; one that another has unregistered is not called. */
  #callOne(waiting: Waiting, failures: unknown[]): void {
    const index = this.#waiting.indexOf(waiting)
    if (index < 0) return
    this.#waiting.splice(index, 1)
    try {
      waiting.client()
    } catch (error) {
      failures.push(error)
    }
  }

  #endless(): HostbridgeError {
    return new HostbridgeError(
      'memory.map-clients',
      `map clients of '${this.#name}' have registered again ${MOST_ROUNDS} times while there was room: register after a mapping came out short`,
      { space: this.#name },
    )
  }
}
