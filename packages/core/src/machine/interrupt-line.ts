import { HostbridgeError } from '../errors.ts'

/** Is told of every change of a line's level. */
export type InterruptSink = (raised: boolean, line: InterruptLine) => void

/** Changes that wait for the sinks to be told at one instant: more are a circle of sinks that never rests. */
const MOST_CHANGES = 1000

/** A wire out of a device that is raised or not; what that means to a pin's voltage is the pin's matter. */
export class InterruptLine {
  readonly name: string
  readonly #sinks = new Set<InterruptSink>()
  /** Changes that the sinks are being told of, in their order. */
  readonly #changes: boolean[] = []
  #raised = false

  constructor(name: string) {
    this.name = name
  }

  get raised(): boolean {
    return this.#raised
  }

  raise(): void {
    this.set(true)
  }

  lower(): void {
    this.set(false)
  }

  /** Raises and lowers the line at one instant: an edge. */
  pulse(): void {
    this.set(true)
    this.set(false)
  }

  /**
   * Sets the level. A sink may change it again: all sinks are told of that when all know of the change before.
   *
   * @throws HostbridgeError `machine.line-oscillates` where sinks change it for ever.
   */
  set(raised: boolean): void {
    if (raised === this.#raised) return
    this.#raised = raised
    this.#changes.push(raised)
    if (this.#changes.length > MOST_CHANGES) throw oscillates(this.name)
    if (this.#changes.length > 1) return
    try {
      for (const change of this.#changes) {
        for (const sink of this.#sinks) sink(change, this)
      }
    } finally {
      this.#changes.length = 0
    }
  }

  /** Connects a sink; a line that is raised already tells it so at once. Returns what disconnects it again. */
  connect(sink: InterruptSink): () => void {
    this.#sinks.add(sink)
    if (this.#raised) sink(true, this)
    return () => {
      this.#sinks.delete(sink)
    }
  }

  /** Sets the level without telling the sinks, which restore what they saw by themselves. */
  restore(raised: boolean): void {
    this.#raised = raised
  }
}

function oscillates(line: string): HostbridgeError {
  const message = `interrupt line '${line}' has changed ${MOST_CHANGES} times at one instant: its sinks change it in a circle; let one of them do so by an event`
  return new HostbridgeError('machine.line-oscillates', message, { line })
}
