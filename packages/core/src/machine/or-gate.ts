import { Device } from './device.ts'
import type { InterruptLine } from './interrupt-line.ts'

/** Joins lines into one that is raised while any of them is: what a shared interrupt pin does. */
export class OrGate extends Device {
  readonly output: InterruptLine = this.interruptLine('out')
  readonly #inputs = new Set<InterruptLine>()

  /** Joins a line; returns what takes it away again. A line counts once, however often it is joined. */
  join(input: InterruptLine): () => void {
    if (this.#inputs.has(input)) return () => {}
    this.#inputs.add(input)
    const disconnect = input.connect(() => this.#update())
    return () => {
      disconnect()
      this.#inputs.delete(input)
      this.#update()
    }
  }

  /** A line that a reset has not lowered is still seen. */
  override resetExit(): void {
    this.#update()
  }

  #update(): void {
    this.output.set([...this.#inputs].some((input) => input.raised))
  }
}
