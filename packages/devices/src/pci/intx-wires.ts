import type { InterruptLine } from '@hostbridge/core/machine'

/** Wires of a bus: INTA# to INTD# of the slots are spread over them. */
export const INTX_WIRES = 4

/**
 * The four interrupt wires of a bus. A function's pin is connected to the wire (pin + device number) modulo 4, and a wire is raised
 * while any pin on it is (PCI-to-PCI Bridge Architecture 1.2, table 9-1).
 */
export class IntxWires {
  readonly #tell: ((wire: number, raised: boolean) => void) | undefined
  readonly #wires: { readonly pins: Set<InterruptLine>; raised: boolean }[] = Array.from(
    { length: INTX_WIRES },
    () => ({ pins: new Set(), raised: false }),
  )

  constructor(tell?: (wire: number, raised: boolean) => void) {
    this.#tell = tell
  }

  /** Whether any pin on a wire, 0 to 3, is raised. */
  raised(wire: number): boolean {
    return this.#wires[wire]?.raised ?? false
  }

  /** Connects pin 1 to 4 of a device; returns what disconnects it again. */
  connect(device: number, pin: number, line: InterruptLine): () => void {
    const wire = (pin - 1 + device) % INTX_WIRES
    this.#wires[wire]?.pins.add(line)
    const end = line.connect(() => this.#update(wire))
    return () => {
      end()
      this.#wires[wire]?.pins.delete(line)
      this.#update(wire)
    }
  }

  /** Follows the levels of pins that a restore has set, without telling anybody. */
  restore(): void {
    for (const wire of this.#wires) wire.raised = anyRaised(wire.pins)
  }

  #update(number: number): void {
    const wire = this.#wires[number]
    if (wire === undefined) return
    const raised = anyRaised(wire.pins)
    if (raised === wire.raised) return
    wire.raised = raised
    this.#tell?.(number, raised)
  }
}

function anyRaised(pins: Iterable<InterruptLine>): boolean {
  for (const pin of pins) if (pin.raised) return true
  return false
}
