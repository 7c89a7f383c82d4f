/** Asynchronous event requests that may wait, AERL + 1. */
export const ASYNC_EVENT_REQUESTS = 4

/** What a saved controller knows of its asynchronous events. */
export interface SavedAsyncEvents {
  readonly requests: readonly number[]
  readonly pending: readonly number[]
  readonly masked: readonly number[]
}

/**
 * Events that the controller tells of when the guest has asked to be told (NVM Express 1.3d, section 5.2).
 *
 * Each kind of event waits once; after one was told, others of its type wait until the guest has read their log page.
 */
export class AsyncEvents {
  /** Identifiers of the commands that wait. */
  #requests: number[] = []
  /** Completions' first words: type 2:0, information 15:8, log page 23:16. */
  #pending: number[] = []
  #masked: number[] = []

  /** Lets a command wait for an event; false where too many wait. */
  park(command: number): boolean {
    if (this.#requests.length >= ASYNC_EVENT_REQUESTS) return false
    this.#requests.push(command)
    return true
  }

  /** Lets an event wait for a command. */
  report(type: number, information: number, logPage: number): void {
    const result = type | (information << 8) | (logPage << 16)
    if (!this.#pending.includes(result)) this.#pending.push(result)
  }

  /** Whether a command can be completed with an event. */
  get ready(): boolean {
    return this.#requests.length > 0 && this.#pending.some((result) => !this.#masked.includes(result & 7))
  }

  /** Takes the command and the event that complete next; {@link ready} says that there are. */
  take(): { readonly command: number; readonly result: number } {
    const index = this.#pending.findIndex((result) => !this.#masked.includes(result & 7))
    const [result] = this.#pending.splice(index, 1) as [number]
    this.#masked.push(result & 7)
    return { command: this.#requests.shift() as number, result }
  }

  /** The guest has read a log page: events of `type` are told again. */
  unmask(type: number): void {
    this.#masked = this.#masked.filter((masked) => masked !== type)
  }

  /** Takes back a command that waits. */
  abort(command: number): boolean {
    const index = this.#requests.indexOf(command)
    if (index >= 0) this.#requests.splice(index, 1)
    return index >= 0
  }

  clear(): void {
    this.#requests = []
    this.#pending = []
    this.#masked = []
  }

  save(): SavedAsyncEvents {
    return { requests: [...this.#requests], pending: [...this.#pending], masked: [...this.#masked] }
  }

  restore(saved: SavedAsyncEvents): void {
    this.#requests = [...saved.requests]
    this.#pending = [...saved.pending]
    this.#masked = [...saved.masked]
  }
}
