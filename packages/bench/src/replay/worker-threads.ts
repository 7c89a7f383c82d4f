import { extname } from 'node:path'
import { Piscina } from 'piscina'
import type { Crew } from './crew.ts'
import type { ShardResult, ShardTask } from './shard.ts'

/** Shards that a thread is given at a time: it begins the second without waiting for this thread to see the first. */
const SHARDS_PER_THREAD = 2

/** `shard.worker` as it lies beside this file: `.ts` in the workspace, `.js` in the package. */
export const SHARD_WORKER: URL = new URL(`./shard.worker${extname(import.meta.url)}`, import.meta.url)

/** Walks shards on worker threads, which stay open. A thread that dies is replaced. */
export class WorkerThreads implements Crew {
  readonly slots: number
  readonly #threads: number
  readonly #worker: URL
  #pool: Piscina<ShardTask, ShardResult> | undefined
  #underWay = 0
  #isClosed = false
  #startError: unknown

  constructor(threads: number, worker: URL) {
    this.slots = threads * SHARDS_PER_THREAD + 1
    this.#threads = threads
    this.#worker = worker
    this.#pool = this.#open()
  }

  async walk(task: ShardTask): Promise<ShardResult> {
    if (this.#isClosed) throw new Error('the pool has been closed')
    this.#pool ??= this.#open()
    const pool = this.#pool
    this.#underWay++
    try {
      return await pool.run(task)
    } catch (error) {
      throw pool === this.#pool ? error : (this.#startError ?? error)
    } finally {
      this.#underWay--
    }
  }

  /** Ends the threads; whatever they are at is rejected. */
  async close(): Promise<void> {
    const pool = this.#pool
    this.#isClosed = true
    this.#pool = undefined
    await pool?.destroy()
  }

  #open(): Piscina<ShardTask, ShardResult> {
    this.#startError = undefined
    const pool = new Piscina<ShardTask, ShardResult>({
      filename: this.#worker.href,
      minThreads: this.#threads,
      maxThreads: this.#threads,
      concurrentTasksPerWorker: SHARDS_PER_THREAD,
      idleTimeout: Infinity,
      recordTiming: false,
    })
    // Threads that cannot even start are not replaced, and what waits for them would wait for ever.
    pool.on('error', (error) => {
      this.#startError = error
    })
    pool.on('workerDestroy', () => setImmediate(() => this.#checkAlive(pool)))
    return pool
  }

  #checkAlive(pool: Piscina): void {
    if (pool !== this.#pool || pool.threads.length > 0 || this.#underWay === 0) return
    this.#pool = undefined
    void pool.destroy()
  }
}
