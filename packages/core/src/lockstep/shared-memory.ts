import { HostbridgeError } from '../errors.ts'
import type { Channel, Message } from './channel.ts'

/** A write, with all that decides which of two writes is the later one; it is the same at all ends. */
interface Write {
  readonly time: number
  readonly domain: number
  readonly offset: number
  readonly bytes: Uint8Array
}

export interface SharedMemoryState {
  readonly bytes: Uint8Array
  readonly writes: readonly Write[]
}

/** Time of the write and offset. */
const HEADER_BYTES = 12
/** Bytes of a message at most, so that it goes through the smallest ring. */
const MOST_BYTES = 448

/**
 * Memory that several domains see, each its own copy: a write is seen at once where it is made, and elsewhere a latency later.
 *
 * When two ends write the same bytes while neither knows of the other's write, the later one stays at all ends, and of one
 * instant that of the domain with the higher number. So all copies become equal as soon as nobody writes. Give it a channel to
 * every other domain that has a copy.
 */
export class SharedMemory {
  readonly size: number
  readonly #bytes: Uint8Array
  readonly #channels: readonly Channel[]
  readonly #port: number
  readonly #longestLatency: number
  /** What has been written within the longest latency, ascending: a write that arrives may be older. */
  #writes: Write[] = []

  /**
   * `size` is the bytes, 1 to 2^32, and `port` the channels'; both are the same at all ends.
   *
   * @throws HostbridgeError `lockstep.memory`, `lockstep.port-taken`.
   */
  constructor(size: number, channels: readonly Channel[], port = 2) {
    if (!(Number.isInteger(size) && size >= 1 && size <= 2 ** 32 && channels.length > 0)) {
      const message =
        `a shared memory cannot have ${size} bytes and ${channels.length} channels: give it 1 to 2^32 bytes, and a channel to ` +
        'each domain that sees it'
      throw new HostbridgeError('lockstep.memory', message, { size, channels: channels.length })
    }
    this.size = size
    this.#bytes = new Uint8Array(size)
    this.#channels = channels
    this.#port = port
    this.#longestLatency = Math.max(...channels.map(({ place }) => place.latency))
    channels.forEach((channel, index) => {
      const receive = (message: Message): void => this.#receiveFrom(channel, message)
      // The state is one, and saved with the first channel.
      if (index > 0) channel.listen(port, receive)
      else channel.listen(port, { receive, save: () => this.save(), restore: (state) => this.restore(state as never) })
    })
  }

  /** What this end sees at present. @throws HostbridgeError `lockstep.memory-range`. */
  read(offset: number, length: number): Uint8Array {
    this.#check(offset, length)
    return this.#bytes.slice(offset, offset + length)
  }

  /** Writes here now, and elsewhere a latency later. @throws HostbridgeError `lockstep.memory-range`. */
  write(offset: number, bytes: Uint8Array): void {
    this.#check(offset, bytes.length)
    for (let at = 0; at < bytes.length; at += MOST_BYTES) {
      this.#writePiece(offset + at, bytes.slice(at, at + MOST_BYTES))
    }
  }

  save(): SharedMemoryState {
    return { bytes: this.#bytes.slice(), writes: [...this.#writes] }
  }

  restore({ bytes, writes }: SharedMemoryState): void {
    this.#bytes.set(bytes)
    this.#writes = [...writes]
  }

  #writePiece(offset: number, bytes: Uint8Array): void {
    const [first] = this.#channels
    const { domain } = first as Channel
    const time = domain.queue.now
    this.#forget(time)
    this.#apply({ time, domain: domain.number, offset, bytes })
    const payload = new Uint8Array(HEADER_BYTES + bytes.length)
    const view = new DataView(payload.buffer)
    view.setFloat64(0, time)
    view.setUint32(8, offset)
    payload.set(bytes, HEADER_BYTES)
    for (const channel of this.#channels) channel.send(this.#port, payload)
  }

  #receiveFrom({ domain, place }: Channel, { time: now, payload }: Message): void {
    const view = new DataView(payload.buffer, payload.byteOffset)
    this.#forget(now)
    const bytes = payload.subarray(HEADER_BYTES)
    const offset = view.getUint32(8)
    if (offset + bytes.length > this.size) {
      const message =
        `'${place.peer}' has written to byte ${offset + bytes.length - 1} of the memory that it shares with '${domain.name}' ` +
        `by link '${place.link}', which has ${this.size} bytes at '${domain.name}': give all ends one size`
      throw new HostbridgeError('lockstep.memory-range', message, {
        from: place.peer,
        to: domain.name,
        size: this.size,
      })
    }
    this.#apply({ time: view.getFloat64(0), domain: place.peerNumber, offset, bytes })
  }

  /** Puts a write in its place among the others, and those that are later over it. */
  #apply(write: Write): void {
    let place = this.#writes.length
    while (place > 0 && isLater(this.#writes[place - 1] as Write, write)) place--
    this.#writes.splice(place, 0, write)
    const { offset, bytes } = write
    this.#bytes.set(bytes, offset)
    for (let at = place + 1; at < this.#writes.length; at++) {
      const later = this.#writes[at] as Write
      const start = Math.max(offset, later.offset)
      const end = Math.min(offset + bytes.length, later.offset + later.bytes.length)
      if (start < end) this.#bytes.set(later.bytes.subarray(start - later.offset, end - later.offset), start)
    }
  }

  /** Forgets writes that nothing which arrives from now on is older than. */
  #forget(now: number): void {
    const oldest = now - this.#longestLatency
    let gone = 0
    while ((this.#writes[gone]?.time ?? oldest) < oldest) gone++
    if (gone > 0) this.#writes = this.#writes.slice(gone)
  }

  #check(offset: number, length: number): void {
    if (isCount(offset) && isCount(length) && offset + length <= this.size) return
    const message = `${length} bytes from ${offset} on are not in a shared memory of ${this.size} bytes: stay inside it`
    throw new HostbridgeError('lockstep.memory-range', message, { offset, length, size: this.size })
  }
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0
}

function isLater(one: Write, other: Write): boolean {
  return one.time !== other.time ? one.time > other.time : one.domain > other.domain
}
