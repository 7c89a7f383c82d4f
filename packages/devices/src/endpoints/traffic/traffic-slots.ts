/** A request under way. */
export interface SlotRequest {
  /** The tick at which it was due. */
  readonly due: number
  readonly failed: boolean
}

/** Slots as data. */
export interface SavedSlots {
  readonly dues: Float64Array
  readonly failed: Uint8Array
  readonly free: readonly number[]
}

/** Which requests of an engine are under way; takes no memory for a request. */
export class TrafficSlots {
  readonly count: number
  readonly #dues: Float64Array
  readonly #failed: Uint8Array
  /** The last one is used next. */
  #free: number[] = []

  constructor(count: number) {
    this.count = count
    this.#dues = new Float64Array(count)
    this.#failed = new Uint8Array(count)
    this.clear()
  }

  /** Requests under way. */
  get used(): number {
    return this.count - this.#free.length
  }

  /** Puts a request into a free slot, of which there must be one. */
  take(due: number, failed: boolean): number {
    const slot = this.#free.pop() as number
    this.#dues[slot] = due
    this.#failed[slot] = failed ? 1 : 0
    return slot
  }

  release(slot: number): SlotRequest {
    this.#free.push(slot)
    return { due: this.#dues[slot] as number, failed: this.#failed[slot] === 1 }
  }

  clear(): void {
    this.#free = Array.from({ length: this.count }, (_, slot) => this.count - 1 - slot)
  }

  save(): SavedSlots {
    return { dues: this.#dues.slice(), failed: this.#failed.slice(), free: [...this.#free] }
  }

  restore({ dues, failed, free }: SavedSlots): void {
    this.#dues.set(dues)
    this.#failed.set(failed)
    this.#free = [...free]
  }
}
