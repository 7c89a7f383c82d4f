import { Device, type DeviceState } from '../../src/machine/device.ts'
import type { InterruptLine } from '../../src/machine/interrupt-line.ts'
import type { Machine } from '../../src/machine/machine.ts'

/** A device that writes down what happens to it, and does on plug what a test asks for. */
export class Recorder extends Device {
  readonly line: InterruptLine = this.interruptLine('inta')
  readonly #log: string[]
  readonly #whenPlugged: (machine: Machine, device: Recorder) => void
  counter = 0

  constructor(name: string, log: string[] = [], whenPlugged: (machine: Machine, device: Recorder) => void = () => {}) {
    super(name)
    this.#log = log
    this.#whenPlugged = whenPlugged
  }

  protected override onPlug(machine: Machine): void {
    this.#log.push(`plug ${this.path}`)
    this.#whenPlugged(machine, this)
  }

  protected override onUnplug(): void {
    this.#log.push(`unplug ${this.path}`)
  }

  override resetEnter(): void {
    this.#log.push(`enter ${this.name}`)
  }

  override resetHold(): void {
    this.#log.push(`hold ${this.name}`)
  }

  override resetExit(): void {
    this.#log.push(`exit ${this.name}`)
  }

  override save(): DeviceState {
    return { counter: this.counter }
  }

  override restore(state: DeviceState): void {
    this.counter = Number(state.counter)
  }
}
