/** Words of two cache lines: processors fetch them in pairs. */
const LINE = 32
/** Set when the barrier is broken. */
const BROKEN = 0
/** On the line of a member: how often it has arrived, and how many sleep until it arrives. */
const SLEEPERS = 1

/** How often a member looks whether another has arrived before it sleeps, where each has a processor to itself. */
export const SPINS = 4000

/**
 * A place where all members wait until the last of them has arrived, again and again.
 *
 * Each counts its arrivals on cache lines of its own; those who wait look there for a while and then sleep. It may be broken
 * by anybody, and nobody waits there any more. What a member has written before it arrived, all others see after.
 */
export class Barrier {
  readonly #words: Int32Array
  readonly #members: number
  readonly #own: number
  readonly #spins: number
  /** Arrivals, wrapping at 2^32. */
  #arrivals = 0

  static bytes(members: number): number {
    return (members + 1) * LINE * 4
  }

  /** `spins` is 0 where members outnumber processors: whoever spins then keeps the one that it waits for from running. */
  constructor(buffer: ArrayBufferLike, member: number, spins: number) {
    this.#words = new Int32Array(buffer)
    this.#members = this.#words.length / LINE - 1
    this.#own = (member + 1) * LINE
    this.#spins = spins
  }

  /** Waits for all others; returns whether the barrier is whole. May block the thread. */
  arrive(): boolean {
    const words = this.#words
    const arrivals = (this.#arrivals + 1) | 0
    this.#arrivals = arrivals
    Atomics.store(words, this.#own, arrivals)
    if (Atomics.load(words, this.#own + SLEEPERS) > 0) Atomics.notify(words, this.#own)
    for (let member = 1; member <= this.#members; member++) {
      const at = member * LINE
      if (at !== this.#own && !this.#await(at, arrivals)) return false
    }
    return Atomics.load(words, BROKEN) === 0
  }

  /** Ends all waiting for good; also for those who are no members. */
  static break(buffer: ArrayBufferLike): void {
    const words = new Int32Array(buffer)
    Atomics.store(words, BROKEN, 1)
    for (let at = LINE; at < words.length; at += LINE) {
      // A member that is about to sleep finds another count than it has seen, and stays awake.
      Atomics.add(words, at, 1)
      Atomics.notify(words, at)
    }
  }

  /** How often a member has arrived, wrapping at 2^32; for whoever watches. */
  static arrivals(buffer: ArrayBufferLike, member: number): number {
    return Atomics.load(new Int32Array(buffer), (member + 1) * LINE)
  }

  #await(at: number, arrivals: number): boolean {
    const words = this.#words
    for (let spin = this.#spins; spin > 0; spin--) {
      if (((Atomics.load(words, at) - arrivals) | 0) >= 0) return true
    }
    Atomics.add(words, at + SLEEPERS, 1)
    for (;;) {
      const seen = Atomics.load(words, at)
      if (((seen - arrivals) | 0) >= 0 || Atomics.load(words, BROKEN) !== 0) break
      Atomics.wait(words, at, seen)
    }
    Atomics.sub(words, at + SLEEPERS, 1)
    return Atomics.load(words, BROKEN) === 0
  }
}
