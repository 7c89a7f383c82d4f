import type { InterruptLine } from '@hostbridge/core/machine'

/** Wires of a bus: INTA# to INTD# of the slots are spread over them. */
export const INTX_WIRES = 4

/**
 * The four interrupt wires of a bus. A function's pin is connected to the wire (pin + device number) modulo 4, and a wire is raised
 * while any pin on it is (PCI-to-PCI Bridge Architecture 1.2, table 9-1).
 */
export class IntxWires {
  readonly #tell: ((wire: number, raised: boolean) => void) | undefined
  readonly #raised: Set<InterruptLine>[] = Array.from({ length: INTX_WIRES }, () => new Set())

  constructor(tell?: (wire: number, raised: boolean) => void) {
    this.#tell = tell
  }

  /** Whether any pin on a wire, 0 to 3, is raised. */
  raised(wire: number): boolean {
    return (this.#raised[wire] as Set<InterruptLine>).size > 0
  }

  /** Connects pin 1 to 4 of a device; returns what disconnects it again. */
  connect(device: number, pin: number, line: InterruptLine): () => void {
    const wire = (pin - 1 + device) % INTX_WIRES
    const end = line.connect((raised) => this.#set(wire, line, raised))
    return () => {
      end()
      this.#set(wire, line, false)
    }
  }

  #set(wire: number, line: InterruptLine, raised: boolean): void {
    const pins = this.#raised[wire] as Set<InterruptLine>
    const before = pins.size > 0
    if (raised) pins.add(line)
    else pins.delete(line)
    if (pins.size > 0 !== before) this.#tell?.(wire, raised)
  }
}
