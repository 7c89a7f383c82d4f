import { HostbridgeError } from '@hostbridge/core'
import { frameOf } from '@hostbridge/core/address'
import { type Iommu, type Notifier, Replay, type ReplayOptions, type ReplayResult } from '@hostbridge/core/iommu'
import { type Crew, LocalCrew } from './crew.ts'
import { type ShardedOptions, walkSharded } from './replay-sharded.ts'
import type { Shard } from './shard.ts'
import { DEFAULT_SLOT_RUNS, Slots } from './slots.ts'
import type { TakeRuns } from './stitch.ts'
import { SHARD_WORKER, WorkerThreads } from './worker-threads.ts'

export interface ReplayPoolOptions {
  /** Worker threads; with 0 the calling thread walks the shards itself, in the same way. */
  readonly workers: number
  /** The module that walks one shard; the package's own unless told. */
  readonly worker?: URL
  /** The most runs that a shard leaves at a time, 32 bytes each; 2^16 unless told. There are two shards a worker, and one. */
  readonly slotRuns?: number
}

/** Takes runs, and keeps or forgets them all: a container's page table, as `container.sink(iommu)` gives it. */
export interface RunSink {
  begin(): void
  /** Takes the first `count` of `runs`, frames relative to the IOMMU region, ascending from call to call. */
  accept(runs: Float64Array, count: number): void
  commit(): ReplayResult
  /** Makes everything what it was at {@link begin}. */
  rollback(): void
}

/**
 * Replays IOMMUs on worker threads that walk the guest's tables in shared memory, a part of the window each.
 *
 * Open a pool once: threads take tens of milliseconds to start. The results are those of `iommu.replay` for any number of
 * workers and any cut. While a replay runs, the machine must stand still: what its guest maps meanwhile may be told or missed.
 */
export class ReplayPool implements AsyncDisposable {
  readonly workers: number
  readonly #crew: Crew
  readonly #slots: Slots
  #state: 'idle' | 'busy' | 'closed' = 'idle'

  /** @throws HostbridgeError `replay.workers` unless `workers` is a whole number from 0 on. */
  constructor(options: ReplayPoolOptions) {
    const { workers, worker = SHARD_WORKER, slotRuns = DEFAULT_SLOT_RUNS } = options
    if (!(Number.isInteger(workers) && workers >= 0)) {
      const message = `a pool cannot have ${workers} workers: give a whole number, 0 for the calling thread alone`
      throw new HostbridgeError('replay.workers', message, { workers })
    }
    this.workers = workers
    this.#crew = workers === 0 ? new LocalCrew() : new WorkerThreads(workers, worker)
    this.#slots = new Slots(this.#crew.slots, slotRuns)
  }

  /**
   * Waits until all threads have started, so that a clock that starts next times replays alone.
   *
   * @throws HostbridgeError `replay.worker-start`, with the worker's error as its cause.
   */
  async ready(): Promise<void> {
    const source = { kind: 'linear', pageShift: 12, entries: 1, segments: [] } as const
    const empty = { first: 0, last: 0, replay: 0, source, slots: this.#slots.buffer, slotRuns: this.#slots.slotRuns }
    await this.#exclusively(async () => {
      const slots = Array.from({ length: this.#crew.slots - 1 }, (_, slot) => slot)
      const started = await Promise.allSettled(slots.map((slot) => this.#crew.walk({ ...empty, slot })))
      const failed = started.find((outcome) => outcome.status === 'rejected')
      if (failed === undefined) return
      const message = `a worker of the replay pool did not start: ${String(failed.reason)}; check the worker's URL`
      throw new HostbridgeError('replay.worker-start', message, {}, { cause: failed.reason })
    })
  }

  /**
   * Tells `notifier`, registered or not, what is mapped now: exactly as `iommu.replay(notifier, options)` does.
   *
   * After an error or an abort the notifier has been told a part.
   *
   * @throws HostbridgeError `replay.shard-failed`, naming the shard, when a worker fails; `replay.pool-busy`,
   *   `replay.pool-closed`; `iommu.granularity`. An abort rejects with the signal's reason.
   */
  async replay(iommu: Iommu, notifier: Notifier, options: ReplayOptions & ShardedOptions = {}): Promise<ReplayResult> {
    const replay = new Replay({ size: iommu.region.size, pageShift: iommu.pageShift }, notifier, options)
    const range = { first: replay.firstFrame, last: replay.lastFrame }
    await this.#exclusively(() => this.#walk(iommu, range, (runs, count) => replay.take(runs, count), options))
    return replay.result()
  }

  /**
   * Gives what is mapped now to a sink, which keeps all of it. After an error or an abort it keeps nothing: a host's page
   * table is byte for byte what it was.
   *
   * @throws HostbridgeError as {@link replay}, and what the sink throws; what it refused is in the result's `failures`.
   */
  async replayInto(iommu: Iommu, sink: RunSink, options: ShardedOptions = {}): Promise<ReplayResult> {
    const range = { first: 0, last: frameOf(iommu.region.size - 1n) }
    return await this.#exclusively(async () => {
      options.signal?.throwIfAborted()
      sink.begin()
      try {
        await this.#walk(iommu, range, (runs, count) => sink.accept(runs, count), options)
        return sink.commit()
      } catch (error) {
        sink.rollback()
        throw error
      }
    })
  }

  /** Ends the threads. A replay that is under way rejects. */
  async close(): Promise<void> {
    this.#state = 'closed'
    await this.#crew.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #walk(iommu: Iommu, range: Shard, take: TakeRuns, options: ShardedOptions): Promise<void> {
    options.signal?.throwIfAborted()
    if (range.first > range.last) return
    const walk = { name: iommu.name, source: iommu.source(), ...range }
    await walkSharded(this.#crew, this.#slots, walk, take, options)
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#state !== 'idle') {
      const todo = this.#state === 'busy' ? 'wait for the replay that it is at, or open another' : 'open another'
      throw new HostbridgeError(`replay.pool-${this.#state}`, `the replay pool is ${this.#state}: ${todo}`)
    }
    this.#state = 'busy'
    try {
      return await work()
    } finally {
      if ((this.#state as string) === 'busy') this.#state = 'idle'
    }
  }
}
