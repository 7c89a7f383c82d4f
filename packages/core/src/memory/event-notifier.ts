let made = 0

/** A counter that is raised instead of a callback of a device's registers (QEMU `EventNotifier`, an eventfd). */
export class EventNotifier {
  readonly name: string
  /** Rises with every notifier that is made: the last thing that eventfds are sorted by (LC-8). */
  readonly order: number = made++
  readonly #onSignal: (() => void) | undefined
  #count = 0

  /** `onSignal` is called with every signal, when it has been counted. */
  constructor(name: string, onSignal?: () => void) {
    this.name = name
    this.#onSignal = onSignal
  }

  /** Signals since the last {@link take}. */
  get count(): number {
    return this.#count
  }

  signal(): void {
    this.#count++
    this.#onSignal?.()
  }

  /** Returns {@link count} and begins to count anew. */
  take(): number {
    const count = this.#count
    this.#count = 0
    return count
  }
}
