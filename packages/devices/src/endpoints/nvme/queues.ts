import type { DmaPort } from './dma-port.ts'
import { NVME_COMPLETION_SHIFT, NVME_COMPLETION_WORDS } from './spec/command.ts'

/** Completions that are written to guest memory at once. */
const STAGED = 64

/** What both kinds of queue are: entries in guest memory without a gap (NVM Express 1.3d, section 4.1). */
interface QueuePlace {
  readonly id: number
  /** Its first page frame of 4 KiB. */
  readonly frame: number
  /** Entries; one of them is always free (section 4.1.2). */
  readonly size: number
}

/** Everything about a completion queue that a saved controller has. */
export interface SavedCompletionQueue extends QueuePlace {
  readonly vector: number
  readonly interrupts: boolean
  readonly head: number
  readonly tail: number
  readonly phase: number
  readonly reserved: number
}

/** Everything about a submission queue that a saved controller has. */
export interface SavedSubmissionQueue extends QueuePlace {
  readonly completion: number
  readonly head: number
  readonly tail: number
}

/** How far `to` is ahead of `from` in a ring of `size`. */
function ahead(from: number, to: number, size: number): number {
  return to >= from ? to - from : to - from + size
}

/** A completion queue: the controller writes at its tail, the guest says by its doorbell how far it has read. */
export class CompletionQueue implements QueuePlace {
  readonly id: number
  readonly frame: number
  readonly size: number
  /** Which interrupt says that something has come, if any does. */
  readonly vector: number
  readonly interrupts: boolean
  head = 0
  tail = 0
  /** The phase tag of the entries of this round (section 4.6). */
  phase = 1
  /** Places that commands under way have taken: what is fetched has a place for its completion. */
  reserved = 0
  /** Submission queues that complete here. */
  users = 0
  /** Completions that are made and not yet written. */
  staged = 0
  readonly #words = new Uint32Array(STAGED * NVME_COMPLETION_WORDS)
  readonly #bytes = new Uint8Array(this.#words.buffer)

  constructor(place: QueuePlace, vector: number, interrupts: boolean) {
    this.id = place.id
    this.frame = place.frame
    this.size = place.size
    this.vector = vector
    this.interrupts = interrupts
  }

  /** Entries that the guest has not taken. */
  get waiting(): number {
    return ahead(this.head, this.tail, this.size)
  }

  /** Completions that find a place here besides those that have theirs. */
  get room(): number {
    return this.size - 1 - this.waiting - this.reserved
  }

  /** Whether no further completion can be made before those made are written. */
  get mustWrite(): boolean {
    return this.staged === STAGED || (this.staged > 0 && this.tail === 0)
  }

  /** Makes a completion, in a place that was reserved; {@link write} lets the guest see it. */
  put(result: number, queue: number, queueHead: number, command: number, field: number): void {
    const at = this.staged * NVME_COMPLETION_WORDS
    const words = this.#words
    words[at] = result
    words[at + 1] = 0
    words[at + 2] = (queue << 16) | queueHead
    words[at + 3] = (field << 17) | (this.phase << 16) | command
    this.staged++
    this.reserved--
    this.tail++
    if (this.tail < this.size) return
    this.tail = 0
    this.phase ^= 1
  }

  /** Writes what was made; says whether guest memory took it. */
  write(dma: DmaPort): boolean {
    const count = this.staged
    const first = (this.tail === 0 ? this.size : this.tail) - count
    const at = first << NVME_COMPLETION_SHIFT
    this.staged = 0
    return dma.write(this.frame + (at >>> 12), at & 0xfff, this.#bytes.subarray(0, count << NVME_COMPLETION_SHIFT))
  }

  /** Takes the guest's doorbell; false where it takes more than there is, or leads out of the queue. */
  setHead(head: number): boolean {
    if (head >= this.size || ahead(this.head, head, this.size) > this.waiting - this.staged) return false
    this.head = head
    return true
  }

  save(): SavedCompletionQueue {
    const { id, frame, size, vector, interrupts, head, tail, phase, reserved } = this
    return { id, frame, size, vector, interrupts, head, tail, phase, reserved }
  }

  static restore(saved: SavedCompletionQueue): CompletionQueue {
    const queue = new CompletionQueue(saved, saved.vector, saved.interrupts)
    queue.head = saved.head
    queue.tail = saved.tail
    queue.phase = saved.phase
    queue.reserved = saved.reserved
    return queue
  }
}

/** A submission queue: the guest says by its doorbell up to where it has put commands, the controller fetches them in order. */
export class SubmissionQueue implements QueuePlace {
  readonly id: number
  readonly frame: number
  readonly size: number
  readonly completion: CompletionQueue
  head = 0
  tail = 0

  constructor(place: QueuePlace, completion: CompletionQueue) {
    this.id = place.id
    this.frame = place.frame
    this.size = place.size
    this.completion = completion
    completion.users++
  }

  /** Commands that are there to be fetched. */
  get waiting(): number {
    return ahead(this.head, this.tail, this.size)
  }

  /** Takes the guest's doorbell; false where it leads out of the queue, or puts a command into a full one. */
  setTail(tail: number): boolean {
    if (tail >= this.size || ahead(this.tail, tail, this.size) > this.size - 1 - this.waiting) return false
    this.tail = tail
    return true
  }

  save(): SavedSubmissionQueue {
    const { id, frame, size, head, tail } = this
    return { id, frame, size, completion: this.completion.id, head, tail }
  }

  static restore(saved: SavedSubmissionQueue, completion: CompletionQueue): SubmissionQueue {
    const queue = new SubmissionQueue(saved, completion)
    queue.head = saved.head
    queue.tail = saved.tail
    return queue
  }
}
