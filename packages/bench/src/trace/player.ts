import type { Machine } from '@hostbridge/core/machine'
import { SimEvent } from '@hostbridge/core/time'
import type { SpaprHostBridge, TceTable } from '@hostbridge/devices/spapr'
import { readTrace } from './reader.ts'
import { type ReplayHash, replayHash } from './replay-hash.ts'
import type { CheckpointEvent, TraceEvent } from './trace-event.ts'
import { TracedGuest } from './traced-guest.ts'
import { buildTracedMachine, type TracedMachine } from './traced-machine.ts'

/** A checkpoint that has just been compared. */
export interface PlayedCheckpoint {
  readonly recorded: CheckpointEvent
  /** What the replay delivered here. */
  readonly replayed: ReplayHash
  readonly matched: boolean
  readonly table: TceTable
}

export interface PlayOptions {
  /** Leaves H_PUT_TCE and H_PUT_TCE_INDIRECT out: nothing is ever mapped then. */
  readonly withoutPuts?: boolean
  /** Is called in virtual time at each checkpoint, after it was compared; may plug and unplug what it likes. */
  onCheckpoint?(machine: Machine, phb: SpaprHostBridge, checkpoint: PlayedCheckpoint): void
  /** Is called between batches of events, with how many have happened. */
  onProgress?(events: number): void
  /** Ends the playing between two batches with the signal's reason. */
  readonly signal?: AbortSignal
}

export interface PlayResult {
  readonly file: string
  readonly events: number
  readonly checkpoints: number
  /** Checkpoints where count and hash are the recorded ones. */
  readonly matched: number
  readonly translations: number
  /** Translations that the window did not permit. */
  readonly faults: number
  /** Wall time, reading included. */
  readonly seconds: number
}

/** Plays one trace from its first event to its last on a machine, in virtual time. */
export class TracePlayer {
  readonly machine: Machine
  readonly phb: SpaprHostBridge
  readonly #options: PlayOptions
  #batch: readonly TraceEvent[] = []
  #next = 0
  #events = 0
  #checkpoints = 0
  #matched = 0

  constructor(options: PlayOptions = {}, traced: TracedMachine = buildTracedMachine()) {
    this.#options = options
    this.machine = traced.machine
    this.phb = traced.phb
  }

  /**
   * Plays a file. One event of it waits in the machine's queue at a time; the next is scheduled when it fires. A hook that
   * stops the machine ends the playing there.
   *
   * @throws HostbridgeError `trace.damaged` and `input.unreadable` as {@link readTrace}; `trace.damaged` too where a recorded
   *   call, all of which succeeded, cannot succeed here.
   */
  async play(file: string): Promise<PlayResult> {
    const begin = performance.now()
    const guest = new TracedGuest(this, {
      file,
      withoutPuts: this.#options.withoutPuts ?? false,
      onCheckpoint: (recorded, table) => this.#compare(recorded, table),
    })
    const fire = new SimEvent(() => this.#fireNext(fire, guest), { name: 'trace' })
    try {
      for await (const batch of readTrace(file)) {
        this.#options.signal?.throwIfAborted()
        this.#playBatch(fire, batch)
        this.#options.onProgress?.(this.#events)
        if (fire.scheduled) break
      }
    } finally {
      this.machine.queue.deschedule(fire)
    }
    const { translations, faults } = guest
    const seconds = (performance.now() - begin) / 1000
    const [events, checkpoints, matched] = [this.#events, this.#checkpoints, this.#matched]
    return { file, events, checkpoints, matched, translations, faults, seconds }
  }

  #playBatch(fire: SimEvent, batch: readonly TraceEvent[]): void {
    this.#batch = batch
    this.#next = 0
    this.#scheduleNext(fire)
    this.machine.run()
  }

  #fireNext(fire: SimEvent, guest: TracedGuest): void {
    guest.do(this.#batch[this.#next++] as TraceEvent)
    this.#events++
    this.#scheduleNext(fire)
  }

  #scheduleNext(fire: SimEvent): void {
    const event = this.#batch[this.#next]
    // Nothing else happens before the next batch is there: the order does not depend on where the file is cut.
    if (event === undefined) this.machine.stop('the next events of the trace are still to be read')
    else this.machine.queue.schedule(fire, event.time)
  }

  #compare(recorded: CheckpointEvent, table: TceTable): void {
    const replayed = replayHash(table)
    const matched = replayed.count === recorded.count && replayed.hash === recorded.hash
    this.#checkpoints++
    if (matched) this.#matched++
    this.#options.onCheckpoint?.(this.machine, this.phb, { recorded, replayed, matched, table })
  }
}

/** Plays a trace on a machine of its own; see {@link TracePlayer.play}. */
export function playTrace(file: string, options: PlayOptions = {}): Promise<PlayResult> {
  return new TracePlayer(options).play(file)
}
