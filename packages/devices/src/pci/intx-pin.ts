import type { InterruptLine } from '@hostbridge/core/machine'
import type { ConfigSpace } from './config-space.ts'
import { Command, Header, Status } from './spec/header.ts'

/** The interrupt pin of a function: a level, which the guest sees in the status register and may keep off the wire (PCI Local Bus 3.0, section 6.2.4). */
export class IntxPin {
  readonly #config: ConfigSpace
  readonly #line: InterruptLine
  #asserted = false
  #connected = true

  constructor(config: ConfigSpace, line: InterruptLine) {
    this.#config = config
    this.#line = line
    config.watch(Header.command.offset, Header.command.size, () => this.#drive())
  }

  /** Whether the function asks for its interrupt, on the wire or not. */
  get asserted(): boolean {
    return this.#asserted
  }

  set(asserted: boolean): void {
    this.#asserted = asserted
    this.#drive()
  }

  /** Takes the pin off its wire, or puts it there again: a function that is cut off raises nothing. */
  setConnected(connected: boolean): void {
    if (connected === this.#connected) return
    this.#connected = connected
    this.#drive()
  }

  /** Sets the level without telling anybody, for a restore. */
  restore(asserted: boolean): void {
    this.#asserted = asserted
  }

  #drive(): void {
    const config = this.#config
    const others = config.get(Header.status) & ~Status.interrupt
    config.set(Header.status, this.#asserted ? others | Status.interrupt : others)
    this.#line.set(this.#connected && this.#asserted && (config.get(Header.command) & Command.interruptDisable) === 0)
  }
}
