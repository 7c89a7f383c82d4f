const LINE_BYTES = 128
const LINE_WORDS = LINE_BYTES / 4
const LINE_DOUBLES = LINE_BYTES / 8

/** What a member says of itself besides its earliest event. */
export const Notice = {
  /** It has messages left that a full ring did not take. */
  backlog: 1,
  /** It wants the run to end with this window. */
  stop: 2,
  /** One of its domains has failed. */
  failed: 4,
} as const

/** Of all members together, after a barrier. */
export interface Agreement {
  /** When the earliest event of all happens, `Infinity` where there is none. */
  earliest: number
  /** All their {@link Notice}s, OR-ed. */
  notices: number
}

/**
 * Where the members of a lockstep run write for each other how they stand, and where whoever watches them looks.
 *
 * Each writes on lines of its own, in turn on one of two: while the others still read the one of a window, it may have come to
 * the end of the next. A barrier lies between writing and reading.
 */
export class Board {
  readonly #words: Int32Array
  readonly #doubles: Float64Array
  readonly #members: number
  readonly #agreement: Agreement = { earliest: 0, notices: 0 }

  /** One line for all, three for each member: two in turn for the others, one for who watches. */
  static bytes(members: number): number {
    return (1 + 3 * members) * LINE_BYTES
  }

  constructor(buffer: ArrayBufferLike) {
    this.#words = new Int32Array(buffer)
    this.#doubles = new Float64Array(buffer)
    this.#members = (buffer.byteLength / LINE_BYTES - 1) / 3
  }

  /** Tells the others, before a barrier, how a member stands at the end of a window. */
  post(window: number, member: number, earliest: number, notices: number): void {
    const line = 1 + 3 * member + (window & 1)
    this.#doubles[line * LINE_DOUBLES] = earliest
    this.#words[line * LINE_WORDS + 2] = notices
  }

  /** What all have posted for a window, after its barrier; the same for every reader, and valid until it reads again. */
  read(window: number): Readonly<Agreement> {
    let earliest = Number.POSITIVE_INFINITY
    let notices = 0
    for (let member = 0; member < this.#members; member++) {
      const line = 1 + 3 * member + (window & 1)
      const other = this.#doubles[line * LINE_DOUBLES] as number
      if (other < earliest) earliest = other
      notices |= this.#words[line * LINE_WORDS + 2] as number
    }
    this.#agreement.earliest = earliest
    this.#agreement.notices = notices
    return this.#agreement
  }

  /** Asks for an end of the run with the window that is under way, or takes that back before the next run. */
  requestStop(wanted: boolean): void {
    Atomics.store(this.#words, 0, wanted ? 1 : 0)
  }

  get stopRequested(): boolean {
    return Atomics.load(this.#words, 0) !== 0
  }

  /** Notes for a watcher the event that a member is about to let happen: its time and the number of its domain. */
  note(member: number, time: number, domain: number): void {
    const line = 3 + 3 * member
    this.#doubles[line * LINE_DOUBLES] = time
    // The memory's zeros are no domain.
    this.#words[line * LINE_WORDS + 2] = domain + 1
  }

  /** A member's last event, if it has had one; for the watcher of one that has died or does not answer. */
  noted(member: number): { time: number; domain: number } | undefined {
    const line = 3 + 3 * member
    const domain = (this.#words[line * LINE_WORDS + 2] as number) - 1
    return domain < 0 ? undefined : { time: this.#doubles[line * LINE_DOUBLES] as number, domain }
  }
}
