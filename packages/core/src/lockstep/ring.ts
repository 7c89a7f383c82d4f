/** A message as it lies in a ring; the consumer is given one object again and again. */
export interface RingMessage {
  /** When it arrives, in ticks. */
  time: number
  /** How many messages its domain has sent before. */
  sequence: number
  priority: number
  /** Number of the link that it takes. */
  link: number
  /** Who it is for at the other end of the link. */
  port: number
  /** A view of the ring, which is written over later. */
  payload: Uint8Array
}

/** Words of a cache line, and of the next one, which processors fetch with it. */
const LINE = 32
/** Where the consumer is; written by it alone. */
const HEAD = 0
/** How far the producer has come by the end of an even and of an odd window; written by it alone. */
const TAILS = LINE
const DATA = 2 * LINE

/** Length, port, priority and link in words; time and sequence in 64 bits each. */
const HEADER_BYTES = 32
/** In the place of a length: the message lies at the ring's begin, for there was too little room up to its end. */
const WRAP = -1

/**
 * A queue of messages in shared memory with one producer and one consumer, who never wait for each other.
 *
 * What is pushed is seen by the consumer when it has been published for a window, and a barrier lies between the two: a
 * consumer takes no message of a window that its producer is still at. Windows are numbered; their lowest bit tells the one
 * that is being taken from the one that is being written. Positions are counts of bytes that wrap at 2^32.
 */
export class Ring {
  readonly capacity: number
  readonly #words: Int32Array
  readonly #doubles: Float64Array
  readonly #bytes: Uint8Array
  /** The producer's position, and the consumer's as the producer has seen it last. */
  #tail: number
  #seenHead: number
  /** The consumer's position. */
  #head: number
  readonly #message: RingMessage = { time: 0, sequence: 0, priority: 0, link: 0, port: 0, payload: new Uint8Array(0) }

  /** Bytes of memory for a ring of `capacity` bytes, a power of two. */
  static bytes(capacity: number): number {
    return DATA * 4 + capacity
  }

  /** Opens an empty ring at its producer's or its consumer's; memory of zeros is one. */
  constructor(buffer: ArrayBufferLike) {
    this.capacity = buffer.byteLength - DATA * 4
    this.#words = new Int32Array(buffer)
    this.#doubles = new Float64Array(buffer)
    this.#bytes = new Uint8Array(buffer)
    this.#head = Atomics.load(this.#words, HEAD)
    this.#seenHead = this.#head
    this.#tail = this.#head
  }

  /** The longest payload that always fits into an empty ring. */
  get longestPayload(): number {
    return this.capacity / 2 - HEADER_BYTES
  }

  /** Adds a message if there is room for it; only the producer does this. */
  push(message: Readonly<RingMessage>): boolean {
    const { payload } = message
    const size = HEADER_BYTES + ((payload.length + 7) & ~7)
    const offset = this.#tail & (this.capacity - 1)
    const skipped = offset + size > this.capacity ? this.capacity - offset : 0
    if (!this.#hasRoom(size + skipped)) return false
    if (skipped > 0) this.#words[DATA + offset / 4] = WRAP
    const word = DATA + (skipped > 0 ? 0 : offset) / 4
    this.#words[word] = payload.length
    this.#words[word + 1] = message.port
    this.#words[word + 2] = message.priority
    this.#words[word + 3] = message.link
    this.#doubles[word / 2 + 2] = message.time
    this.#doubles[word / 2 + 3] = message.sequence
    if (payload.length > 0) this.#bytes.set(payload, word * 4 + HEADER_BYTES)
    this.#tail = (this.#tail + skipped + size) | 0
    return true
  }

  /** Lets the consumer see, after the barrier of this window, what has been pushed up to now. */
  publish(window: number): void {
    Atomics.store(this.#words, TAILS + (window & 1), this.#tail)
  }

  /** Gives all messages up to the end of a window to `visit`, in their order; only the consumer does this. */
  take(window: number, visit: (message: Readonly<RingMessage>) => void): void {
    const tail = Atomics.load(this.#words, TAILS + (window & 1))
    if (tail === this.#head) return
    while (this.#head !== tail) this.#takeOne(visit)
    Atomics.store(this.#words, HEAD, this.#head)
  }

  #takeOne(visit: (message: Readonly<RingMessage>) => void): void {
    const offset = this.#head & (this.capacity - 1)
    let word = DATA + offset / 4
    const wraps = this.#words[word] === WRAP
    if (wraps) word = DATA
    const length = this.#words[word] as number
    const message = this.#message
    message.port = this.#words[word + 1] as number
    message.priority = this.#words[word + 2] as number
    message.link = this.#words[word + 3] as number
    message.time = this.#doubles[word / 2 + 2] as number
    message.sequence = this.#doubles[word / 2 + 3] as number
    const start = word * 4 + HEADER_BYTES
    message.payload = length === 0 ? NOTHING : this.#bytes.subarray(start, start + length)
    const skipped = wraps ? this.capacity - offset : 0
    this.#head = (this.#head + skipped + HEADER_BYTES + ((length + 7) & ~7)) | 0
    visit(message)
  }

  #hasRoom(size: number): boolean {
    if (((this.#tail - this.#seenHead) | 0) + size <= this.capacity) return true
    this.#seenHead = Atomics.load(this.#words, HEAD)
    return ((this.#tail - this.#seenHead) | 0) + size <= this.capacity
  }
}

const NOTHING = new Uint8Array(0)
