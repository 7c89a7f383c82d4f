/** Keeps writes until they are to be made. */
export interface Flushable {
  /** Makes all writes that are kept; nothing happens where it is doing so already. */
  flush(): void
}

/** Everything in a memory system that keeps writes to make them later. */
export class CoalescedRings {
  #rings: readonly Flushable[] = []

  add(ring: Flushable): void {
    this.#rings = [...this.#rings, ring]
  }

  remove(ring: Flushable): void {
    this.#rings = this.#rings.filter((other) => other !== ring)
  }

  /** Makes all writes that were put off, in the order of the rings (CM-3). */
  flush(): void {
    for (const ring of this.#rings) ring.flush()
  }
}
