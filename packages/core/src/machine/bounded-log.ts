/** A log as data. */
export interface SavedLog<T> {
  /** Entries ever recorded. */
  readonly total: number
  /** The last of them, oldest first. */
  readonly entries: readonly T[]
}

/** Keeps the last entries of a log and counts all of them, so that a guest cannot fill the host's memory. */
export class BoundedLog<T> implements Iterable<T> {
  readonly capacity: number
  readonly #entries: T[] = []
  #total = 0

  constructor(capacity = 1024) {
    this.capacity = capacity
  }

  /** Entries ever recorded since the log was made or cleared. */
  get total(): number {
    return this.#total
  }

  /** Entries kept, at most {@link capacity}. */
  get length(): number {
    return this.#entries.length
  }

  /** The newest entry. */
  get last(): T | undefined {
    return this.#entries[(this.#total - 1) % this.capacity]
  }

  record(entry: T): void {
    this.#entries[this.#total % this.capacity] = entry
    this.#total++
  }

  clear(): void {
    this.#entries.length = 0
    this.#total = 0
  }

  save(): SavedLog<T> {
    return { total: this.#total, entries: [...this] }
  }

  restore({ total, entries }: SavedLog<T>): void {
    this.clear()
    this.#total = total - entries.length
    for (const entry of entries) this.record(entry)
  }

  /** The entries kept, oldest first. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let index = this.#total - this.#entries.length; index < this.#total; index++) {
      yield this.#entries[index % this.capacity] as T
    }
  }
}
