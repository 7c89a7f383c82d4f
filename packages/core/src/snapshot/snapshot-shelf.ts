import type { Snapshot } from './snapshot.ts'

/** A snapshot with its place in a run. */
export interface ShelvedSnapshot {
  /** Events that had happened. */
  readonly events: number
  /** Inputs that had been made. */
  readonly inputs: number
  /** Ticks. */
  readonly time: bigint
  readonly snapshot: Snapshot
}

/** Keeps a bounded number of snapshots of one run: near the present many, the older the fewer. */
export class SnapshotShelf {
  readonly capacity: number
  readonly #kept: ShelvedSnapshot[] = []

  /** `capacity` is at least 1. */
  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** Ascending by place. */
  get all(): readonly ShelvedSnapshot[] {
    return this.#kept
  }

  /** Adds a snapshot that comes after all others; over the capacity, the one that lacks least is thrown away. */
  add(entry: ShelvedSnapshot): void {
    this.#kept.push(entry)
    if (this.#kept.length > this.capacity) this.#kept.splice(this.#leastMissed(), 1)
  }

  /** Throws away those that `isAfter` tells: the run goes another way from there. */
  forget(isAfter: (entry: ShelvedSnapshot) => boolean): void {
    const first = this.#kept.findIndex(isAfter)
    if (first >= 0) this.#kept.splice(first)
  }

  /** Without it, the way to replay grows least in proportion to how far back it is; never the newest. */
  #leastMissed(): number {
    const newest = this.#kept.at(-1)?.events ?? 0
    let least = 0
    let leastGrowth = Number.POSITIVE_INFINITY
    for (let index = 0; index < this.#kept.length - 1; index++) {
      const before = this.#kept[index - 1]?.events ?? 0
      const after = this.#kept[index + 1]?.events ?? newest
      const growth = (after - before) / (newest - before + 1)
      if (growth < leastGrowth) {
        least = index
        leastGrowth = growth
      }
    }
    return least
  }
}
