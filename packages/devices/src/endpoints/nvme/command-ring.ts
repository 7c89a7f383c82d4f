import { NVME_COMMAND_WORDS } from './spec/command.ts'

/** A command that was fetched and has not completed, for a saved controller. */
export interface SavedCommand {
  readonly words: Uint32Array
  readonly queue: number
  readonly due: number
}

/** Commands that were fetched, in the order of their completion: so many at most, each due when those before it are, or later. */
export class CommandRing {
  /** The words of the commands, by slot. */
  readonly words: Uint32Array
  readonly capacity: number
  readonly #queues: Uint16Array
  readonly #dues: Float64Array
  #head = 0
  #count = 0

  constructor(capacity: number) {
    this.capacity = capacity
    this.words = new Uint32Array(capacity * NVME_COMMAND_WORDS)
    this.#queues = new Uint16Array(capacity)
    this.#dues = new Float64Array(capacity)
  }

  get count(): number {
    return this.#count
  }

  get room(): number {
    return this.capacity - this.#count
  }

  /** When the first command is due, in ticks; `Infinity` where there is none. */
  get due(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : (this.#dues[this.#head] as number)
  }

  /** Where the words of the first command begin; they stay until another one is put. */
  get at(): number {
    return this.#head * NVME_COMMAND_WORDS
  }

  /** The submission queue of the first command. */
  get queue(): number {
    return this.#queues[this.#head] as number
  }

  /** Puts a command, whose words begin at `at`, behind all others. There is {@link room}. */
  put(words: Uint32Array, at: number, queue: number, due: number): void {
    const slot = (this.#head + this.#count) % this.capacity
    const to = slot * NVME_COMMAND_WORDS
    for (let word = 0; word < NVME_COMMAND_WORDS; word++) this.words[to + word] = words[at + word] as number
    this.#queues[slot] = queue
    this.#dues[slot] = due
    this.#count++
  }

  /** Takes the first command. */
  take(): void {
    this.#head = this.#head + 1 === this.capacity ? 0 : this.#head + 1
    this.#count--
  }

  /** Takes all commands of a queue, or the one that has `command` as its identifier; tells their identifiers. */
  remove(queue: number, command?: number): number[] {
    const taken: number[] = []
    const kept = this.save().filter((saved) => {
      const id = (saved.words[0] as number) >>> 16
      const goes = saved.queue === queue && (command === undefined || (id === command && taken.length === 0))
      if (goes) taken.push(id)
      return !goes
    })
    this.restore(kept)
    return taken
  }

  clear(): void {
    this.#head = 0
    this.#count = 0
  }

  save(): readonly SavedCommand[] {
    return Array.from({ length: this.#count }, (_, index) => {
      const slot = (this.#head + index) % this.capacity
      const from = slot * NVME_COMMAND_WORDS
      const words = this.words.slice(from, from + NVME_COMMAND_WORDS)
      return { words, queue: this.#queues[slot] as number, due: this.#dues[slot] as number }
    })
  }

  restore(saved: readonly SavedCommand[]): void {
    this.clear()
    for (const { words, queue, due } of saved) this.put(words, 0, queue, due)
  }
}
