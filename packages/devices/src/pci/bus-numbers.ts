import type { PciBus } from './pci-bus.ts'

/**
 * Which bus below a bus answers to a number: the way down is through the first bridge that claims it, lowest device first, and
 * there is no way back, whatever a guest has numbered how often. Costs the depth of the tree once, then a look into a list.
 */
export class BusNumbers {
  readonly #bus: PciBus
  #known: (PciBus | null)[] = []
  #bridges: readonly PciBus[] | undefined

  constructor(bus: PciBus) {
    this.#bus = bus
  }

  /** The bus of a number other than this bus's own. */
  find(number: number): PciBus | undefined {
    let found = this.#known[number]
    if (found === undefined) {
      found = this.#descend(number) ?? null
      this.#known[number] = found
    }
    return found ?? undefined
  }

  /** Forgets what it knows; called when a bridge comes, goes, or is numbered anew. */
  forget(): void {
    if (this.#known.length > 0) this.#known = []
    this.#bridges = undefined
  }

  /** The bus behind the bridge that takes a number's configuration requests from this bus. */
  claimant(number: number): PciBus | undefined {
    this.#bridges ??= this.#bus.devices.flatMap(({ secondary }) => (secondary === undefined ? [] : [secondary]))
    return this.#bridges.find((bus) => bus.claims(number))
  }

  #descend(number: number): PciBus | undefined {
    let bus = this.claimant(number)
    while (bus !== undefined && bus.number !== number) bus = bus.numbers.claimant(number)
    return bus
  }
}
