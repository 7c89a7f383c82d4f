import { HostbridgeError } from '../errors.ts'
import { Device, type DeviceState } from './device.ts'
import type { InterruptLine } from './interrupt-line.ts'

/** What an input reacts to: a level asks for service while it is high, an edge once for every rise. */
export type Trigger = 'level' | 'edge'

export interface InterruptControllerOptions {
  readonly name?: string
  /** Inputs, numbered from 0; the lowest number comes first. */
  readonly inputs: number
  /** How an input is triggered; `level` unless told. */
  readonly trigger?: (input: number) => Trigger
}

/**
 * Routes numbered inputs to one output line, which is raised while an enabled input asks for service and is not being served.
 *
 * Several lines may lead to one input: a level is high while any of them is, and each rise of any is an edge. One line may
 * lead to several inputs and controllers. {@link claim} takes the first request; until {@link complete} the input waits.
 */
export class InterruptController extends Device {
  readonly inputs: number
  readonly output: InterruptLine = this.interruptLine('out')
  readonly #triggers: readonly Trigger[]
  readonly #lines: readonly Set<InterruptLine>[]
  readonly #enabled: Uint8Array
  /** Edges that have been seen and not claimed. */
  readonly #latched: Uint8Array
  readonly #serving: Uint8Array

  constructor(options: InterruptControllerOptions) {
    super(options.name ?? 'interrupt-controller')
    const { inputs, trigger = () => 'level' } = options
    this.inputs = inputs
    this.#triggers = Array.from({ length: inputs }, (_, input) => trigger(input))
    this.#lines = Array.from({ length: inputs }, () => new Set<InterruptLine>())
    this.#enabled = new Uint8Array(inputs).fill(1)
    this.#latched = new Uint8Array(inputs)
    this.#serving = new Uint8Array(inputs)
  }

  /** Leads a line to an input; returns what ends that. @throws HostbridgeError `machine.no-input`. */
  route(line: InterruptLine, input: number): () => void {
    const lines = this.#linesOf(input)
    if (lines.has(line)) return () => {}
    lines.add(line)
    const disconnect = line.connect((raised) => {
      if (raised && this.#triggers[input] === 'edge') this.#latched[input] = 1
      this.#update()
    })
    return () => {
      disconnect()
      lines.delete(line)
      this.#update()
    }
  }

  /** Whether an input asks for service, enabled or not. */
  asks(input: number): boolean {
    const lines = this.#linesOf(input)
    if (this.#triggers[input] === 'edge') return this.#latched[input] === 1
    for (const line of lines) if (line.raised) return true
    return false
  }

  /** Lets an input through or holds it back; an edge that comes meanwhile is kept. @throws HostbridgeError `machine.no-input`. */
  enable(input: number, enabled: boolean): void {
    this.#linesOf(input)
    this.#enabled[input] = Number(enabled)
    this.#update()
  }

  /** Takes the first request and returns its input; `undefined` where none asks. */
  claim(): number | undefined {
    const input = this.#first()
    if (input === undefined) return undefined
    this.#latched[input] = 0
    this.#serving[input] = 1
    this.#update()
    return input
  }

  /** Ends the service of an input: it is heard again. One that is not being served changes nothing. */
  complete(input: number): void {
    this.#linesOf(input)
    this.#serving[input] = 0
    this.#update()
  }

  override resetEnter(): void {
    this.#enabled.fill(1)
    this.#latched.fill(0)
    this.#serving.fill(0)
  }

  /** Levels that are still high after a reset ask again. */
  override resetExit(): void {
    this.#update()
  }

  override save(): DeviceState {
    return { enabled: this.#enabled.slice(), latched: this.#latched.slice(), serving: this.#serving.slice() }
  }

  /** Takes up a state; levels are those of the lines. @throws HostbridgeError `machine.state` for another number of inputs. */
  override restore(state: DeviceState): void {
    const { enabled, latched, serving } = state as Record<string, Uint8Array>
    if (enabled?.length !== this.inputs || latched?.length !== this.inputs || serving?.length !== this.inputs) {
      const message = `'${this.path}' has ${this.inputs} inputs and its state ${enabled?.length}: plug the same controller`
      throw new HostbridgeError('machine.state', message, { device: this.path, inputs: this.inputs })
    }
    this.#enabled.set(enabled)
    this.#latched.set(latched)
    this.#serving.set(serving)
  }

  #update(): void {
    this.output.set(this.#first() !== undefined)
  }

  #first(): number | undefined {
    for (let input = 0; input < this.inputs; input++) {
      if (this.#enabled[input] === 1 && this.#serving[input] === 0 && this.asks(input)) return input
    }
    return undefined
  }

  #linesOf(input: number): Set<InterruptLine> {
    const lines = this.#lines[input]
    if (lines !== undefined) return lines
    throw new HostbridgeError(
      'machine.no-input',
      `'${this.name}' has no input ${input}: its inputs are 0 to ${this.inputs - 1}`,
      { device: this.name, input, inputs: this.inputs },
    )
  }
}
