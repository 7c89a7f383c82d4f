// Long because fetching, doing and completing commands share one budget and one event in virtual time.
import { LAST_TICK } from '@hostbridge/core/time'
import { AdminCommands, type AdminParts, type CommandsUnderWay } from './admin-commands.ts'
import { CommandRing, type SavedCommand } from './command-ring.ts'
import type { DmaPort } from './dma-port.ts'
import type { IoCommands } from './io-commands.ts'
import type { QueueSet, SavedQueues } from './queue-set.ts'
import type { CompletionQueue, SubmissionQueue } from './queues.ts'
import { NVME_COMMAND_SHIFT, NVME_COMMAND_WORDS, NvmeCommandWord } from './spec/command.ts'
import { NVME_NO_COMMAND, NvmeAsyncEvent, NvmeLogPage } from './spec/log-page.ts'
import { NvmeStatus, type NvmeStatusCode, nvmeStatusField } from './spec/status.ts'

/** Commands that are fetched by one DMA read. */
const FETCHED_AT_ONCE = 64

/** What one event does at most, so that none takes long: commands, and bytes that they move. */
const COMMANDS_AT_ONCE = 64
const BYTES_AT_ONCE = 2 ** 20

/** Admin commands under way at most. */
const ADMIN_OUTSTANDING = 16

/** The steps of a command, each an event: fetched from its queue, then done and completed. */
export type EngineStep = 'fetch' | 'admin' | 'io'

/** What the engine needs of its controller. */
export interface EngineLinks {
  /** Lets a step happen at a tick, or earlier if that was planned. */
  wake(step: EngineStep, at: number): void
  /** The present tick. */
  now(): number
  /** A queue's completions are in guest memory, or the guest has taken some. */
  interrupt(queue: CompletionQueue, posted: boolean): void
  /** Guest memory does not give commands, or does not take completions: only a reset helps. */
  fatal(): void
}

/** How long commands take. */
export interface NvmeTiming {
  /** Ticks, 1 at least, that every command takes. */
  readonly latency: number
  /** Ticks that the medium, which serves one command after the other, takes for a byte. */
  readonly ticksPerByte: number
  /** I/O commands under way at most. */
  readonly outstanding: number
}

/** Everything about commands that a saved controller has. */
export interface SavedEngine {
  readonly queues: SavedQueues
  readonly admin: readonly SavedCommand[]
  readonly io: readonly SavedCommand[]
  readonly mediumFree: number
  readonly turn: number
  readonly running: boolean
}

/**
 * Takes commands from the submission queues in turn, does them when they are due, and completes them in that order.
 *
 * A command is fetched only when its completion has a place; bytes move when it is due. What a guest writes to a doorbell costs
 * nothing but a note.
 */
export class CommandEngine implements CommandsUnderWay {
  readonly admin: AdminCommands
  readonly #parts: AdminParts
  readonly #queues: QueueSet
  readonly #io: IoCommands
  readonly #dma: DmaPort
  readonly #links: EngineLinks
  readonly #timing: NvmeTiming
  readonly #adminRing = new CommandRing(ADMIN_OUTSTANDING)
  readonly #ioRing: CommandRing
  readonly #fetched = new Uint32Array(FETCHED_AT_ONCE * NVME_COMMAND_WORDS)
  readonly #fetchedBytes = new Uint8Array(this.#fetched.buffer)
  /** Queues with completions that are made and not announced. */
  readonly #touched: CompletionQueue[] = []
  /** Counts resets: what is under way ends when DMA of its own has reset the controller. */
  #generation = 0
  /** When the medium has done what it was given. */
  #mediumFree = 0
  /** The queue whose turn it is. */
  #turn = 0
  #running = false

  constructor(parts: AdminParts, io: IoCommands, dma: DmaPort, timing: NvmeTiming, links: EngineLinks) {
    this.#parts = parts
    this.#queues = parts.queues
    this.#io = io
    this.#dma = dma
    this.#timing = timing
    this.#links = links
    this.#ioRing = new CommandRing(timing.outstanding)
    this.admin = new AdminCommands(parts, this)
  }

  /** Whether commands are under way. */
  get busy(): boolean {
    return this.#adminRing.count + this.#ioRing.count > 0
  }

  /** Begins to serve the queues, with pages of 2^`pageShift` bytes. */
  start(pageShift: number): void {
    this.admin.pageShift = pageShift
    this.#io.pageShift = pageShift
    this.#running = true
  }

  /** Fetches no more; what is under way completes. */
  stop(): void {
    this.#running = false
  }

  /** Forgets all queues and commands. */
  reset(): void {
    this.#generation++
    this.#running = false
    this.#mediumFree = 0
    this.#turn = 0
    this.#touched.length = 0
    this.#adminRing.clear()
    this.#ioRing.clear()
    this.#queues.clear()
    this.#parts.events.clear()
  }

  /** A write of doorbell `index`: even ones are submission queues', odd ones completion queues' (sections 3.1.16 and 3.1.17). */
  ring(index: number, value: number): void {
    const id = index >>> 1
    const now = this.#links.now()
    const isTail = (index & 1) === 0
    const queue = isTail ? this.#queues.submission[id] : this.#queues.completion[id]
    if (queue === undefined) {
      this.#report(NvmeAsyncEvent.invalidDoorbell)
      return
    }
    if (!('completion' in queue ? queue.setTail(value) : queue.setHead(value))) {
      this.#report(NvmeAsyncEvent.invalidDoorbellValue)
    } else if (!('completion' in queue)) {
      this.#links.interrupt(queue, false)
      if (id === 0 && this.#parts.events.ready) this.#links.wake('admin', now)
    }
    if (this.#wantsFetch()) this.#links.wake('fetch', now)
  }

  /** Fetches from all queues in turn what finds room, an arbitration burst of each at a time (section 4.11). */
  fetch(): void {
    const { submission } = this.#queues
    const generation = this.#generation
    for (let idle = 0; idle < submission.length && this.#running; ) {
      const queue = submission[this.#turn]
      this.#turn = this.#turn + 1 < submission.length ? this.#turn + 1 : 0
      const fetched = queue === undefined ? 0 : this.#fetchFrom(queue)
      if (generation !== this.#generation) return
      idle = fetched > 0 ? 0 : idle + 1
    }
    if (this.#adminRing.count > 0) this.#links.wake('admin', this.#adminRing.due)
    if (this.#ioRing.count > 0) this.#links.wake('io', this.#ioRing.due)
  }

  /** Does the I/O commands that are due, so many at most, and completes them. */
  completeIo(): void {
    const ring = this.#ioRing
    const { words } = ring
    const now = this.#links.now()
    const generation = this.#generation
    let cost = 0
    for (let done = 0; done < COMMANDS_AT_ONCE && cost < BYTES_AT_ONCE && ring.due <= now; done++) {
      const { at } = ring
      const queue = this.#queues.submission[ring.queue] as SubmissionQueue
      ring.take()
      const status = this.#io.execute(words, at)
      if (generation !== this.#generation) return
      cost += this.#io.cost
      this.#finish(queue, (words[at] as number) >>> 16, status, 0, words, at)
    }
    this.#announce()
    if (generation !== this.#generation) return
    if (ring.count > 0) this.#links.wake('io', Math.max(now, ring.due))
    if (this.#wantsFetch()) this.#links.wake('fetch', now)
  }

  /** Does the admin commands that are due, and tells of events. */
  completeAdmin(): void {
    const ring = this.#adminRing
    const { words } = ring
    const now = this.#links.now()
    const generation = this.#generation
    while (ring.due <= now) {
      const { at } = ring
      const queue = this.#queues.submission[0] as SubmissionQueue
      const command = (words[at] as number) >>> 16
      ring.take()
      const status = this.admin.execute(words, at)
      if (generation !== this.#generation) return
      if (status === undefined) queue.completion.reserved--
      else this.#finish(queue, command, status, this.admin.result)
      this.#announce()
      if (generation !== this.#generation) return
    }
    this.#tellEvents()
    if (generation !== this.#generation) return
    if (ring.count > 0) this.#links.wake('admin', ring.due)
    if (this.#wantsFetch()) this.#links.wake('fetch', now)
  }

  abort(queueId: number, command: number): boolean {
    const queue = this.#queues.submission[queueId]
    if (queue === undefined) return false
    const ring = queueId === 0 ? this.#adminRing : this.#ioRing
    if (ring.remove(queueId, command).length === 0) {
      const { completion } = queue
      if (queueId !== 0 || completion.room <= 0 || !this.#parts.events.abort(command)) return false
      completion.reserved++
    }
    this.#finish(queue, command, NvmeStatus.abortRequested, 0)
    return true
  }

  abortAll(queue: SubmissionQueue): void {
    for (const command of this.#ioRing.remove(queue.id)) {
      this.#finish(queue, command, NvmeStatus.submissionQueueDeleted, 0)
    }
  }

  save(): SavedEngine {
    return {
      queues: this.#queues.save(),
      admin: this.#adminRing.save(),
      io: this.#ioRing.save(),
      mediumFree: this.#mediumFree,
      turn: this.#turn,
      running: this.#running,
    }
  }

  restore(saved: SavedEngine): void {
    this.#generation++
    this.#touched.length = 0
    this.#queues.restore(saved.queues)
    this.#adminRing.restore(saved.admin)
    this.#ioRing.restore(saved.io)
    this.#mediumFree = saved.mediumFree
    this.#turn = saved.turn
    this.#running = saved.running
  }

  #wantsFetch(): boolean {
    if (!this.#running) return false
    const { submission } = this.#queues
    for (let id = 0; id < submission.length; id++) {
      const queue = submission[id]
      if (queue !== undefined && queue.head !== queue.tail && this.#roomFor(queue) > 0) return true
    }
    return false
  }

  /** Commands that may be fetched from a queue, whether they are there or not. */
  #roomFor(queue: SubmissionQueue): number {
    const ring = queue.id === 0 ? this.#adminRing : this.#ioRing
    return Math.min(ring.room, queue.completion.room)
  }

  /** Fetches a burst of a queue as far as there is room; returns how many commands that were. */
  #fetchFrom(queue: SubmissionQueue): number {
    const count = Math.min(
      queue.waiting,
      queue.size - queue.head,
      this.#parts.features.burst,
      this.#roomFor(queue),
      FETCHED_AT_ONCE,
    )
    if (count <= 0) return 0
    const at = queue.head << NVME_COMMAND_SHIFT
    const bytes = this.#fetchedBytes.subarray(0, count << NVME_COMMAND_SHIFT)
    const generation = this.#generation
    const isRead = this.#dma.read(queue.frame + (at >>> 12), at & 0xfff, bytes)
    if (generation !== this.#generation) return 0
    if (!isRead) {
      this.#fail()
      return 0
    }
    queue.head = queue.head + count === queue.size ? 0 : queue.head + count
    queue.completion.reserved += count
    const isAdmin = queue.id === 0
    const ring = isAdmin ? this.#adminRing : this.#ioRing
    for (let index = 0; index < count; index++) {
      const word = index * NVME_COMMAND_WORDS
      const due = isAdmin ? this.#inTicks(this.#links.now()) : this.#dueOf(this.#io.bytesOf(this.#fetched, word))
      ring.put(this.#fetched, word, queue.id, due)
    }
    return count
  }

  /** When an I/O command of `bytes` is done, which the medium begins when it has done those before. */
  #dueOf(bytes: number): number {
    const start = Math.max(this.#mediumFree, this.#links.now())
    this.#mediumFree = start + bytes * this.#timing.ticksPerByte
    return this.#inTicks(this.#mediumFree)
  }

  #inTicks(from: number): number {
    return Math.min(Math.ceil(from) + this.#timing.latency, LAST_TICK)
  }

  #finish(
    queue: SubmissionQueue,
    command: number,
    status: NvmeStatusCode,
    result: number,
    words?: Uint32Array,
    at = 0,
  ): void {
    const { completion } = queue
    const field = nvmeStatusField(status)
    if (field !== 0) {
      const [low, high, namespace] = [
        words?.[at + NvmeCommandWord.cdw10],
        words?.[at + NvmeCommandWord.cdw11],
        words?.[at + NvmeCommandWord.namespace],
      ]
      const lba = (low ?? 0) + (high ?? 0) * 2 ** 32
      const error = { submissionQueue: queue.id, command, status: field << 1, lba, namespace: namespace ?? 0 }
      this.#parts.logs.record(error)
    }
    completion.put(result, queue.id, queue.head, command, field)
    if (!this.#touched.includes(completion)) this.#touched.push(completion)
    if (completion.mustWrite && !completion.write(this.#dma)) this.#fail()
  }

  /** Writes all completions that were made to guest memory, then interrupts: once for all of a queue. */
  #announce(): void {
    const generation = this.#generation
    for (const queue of this.#touched) {
      if (queue.staged > 0 && !queue.write(this.#dma)) this.#fail()
      if (generation !== this.#generation) return
    }
    for (const queue of this.#touched) {
      this.#links.interrupt(queue, true)
      if (generation !== this.#generation) return
    }
    this.#touched.length = 0
  }

  /** Completes requests for events as far as the admin completion queue has places. */
  #tellEvents(): void {
    const queue = this.#queues.submission[0]
    const { events } = this.#parts
    while (queue !== undefined && events.ready && queue.completion.room > 0) {
      const { command, result } = events.take()
      queue.completion.reserved++
      this.#finish(queue, command, NvmeStatus.success, result)
    }
    this.#announce()
  }

  /** An error that is of no command is told and noted. */
  #report(information: number): void {
    const { events, logs } = this.#parts
    const none = { submissionQueue: NVME_NO_COMMAND, command: NVME_NO_COMMAND, status: 0, lba: 0, namespace: 0 }
    logs.record(none)
    events.report(NvmeAsyncEvent.errorType, information, NvmeLogPage.error)
    if (events.ready) this.#links.wake('admin', this.#links.now())
  }

  #fail(): void {
    this.#running = false
    this.#links.fatal()
  }
}
