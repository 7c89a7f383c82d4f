import { HostbridgeError } from '@hostbridge/core'
import { Header, HeaderLayout, Type1 } from '../spec/header.ts'
import type { ConfigAccess } from './config-access.ts'
import { type FoundBus, type FoundFunction, formatRoutingId } from './found.ts'

export interface FindOptions {
  /** The bus to begin with; 0 unless told. */
  readonly firstBus?: number
  /** The last bus number that there may be; 255 unless told. */
  readonly lastBus?: number
  /** Whether bridges keep the numbers that they have; they get new ones unless told. */
  readonly keepNumbers?: boolean
}

const DEVICES = 32
const FUNCTIONS = 8
const MULTIFUNCTION = 0x80

/** A vendor that nobody is: no function answers, or one that is not there yet. */
const NOBODY: readonly number[] = [0xffff, 0]

/**
 * Finds all functions behind a configuration access: every device number of every bus, functions 1 to 7 of those whose function 0
 * says that it has several, and what is behind bridges, whose buses are numbered depth first (PCI Local Bus 3.0, section 6.2.1;
 * PCI-to-PCI Bridge Architecture 1.2, section 3.2.5). Three reads for each function, one for each that is not there.
 *
 * @throws HostbridgeError `pci.bus-numbers` where a bridge needs one and there is none left.
 */
export function findFunctions(access: ConfigAccess, options: FindOptions = {}): FoundBus {
  const { firstBus = 0, lastBus = 255, keepNumbers = false } = options
  return new Search(access, lastBus, keepNumbers, firstBus).search(firstBus)
}

class Search {
  readonly #access: ConfigAccess
  readonly #lastBus: number
  readonly #keepNumbers: boolean
  /** The highest number that is given. */
  #given: number
  #givenTo = 'the host bridge'

  constructor(access: ConfigAccess, lastBus: number, keepNumbers: boolean, first: number) {
    this.#access = access
    this.#lastBus = lastBus
    this.#keepNumbers = keepNumbers
    this.#given = first
  }

  search(number: number): FoundBus {
    const functions: FoundFunction[] = []
    let last = number
    for (let device = 0; device < DEVICES; device++) {
      const first = (number << 8) | (device << 3)
      for (let address = first; address < first + FUNCTIONS; address++) {
        const id = this.#access.read(address, Header.vendor.offset, 4)
        const header = NOBODY.includes(id & 0xffff) ? 0 : this.#access.read(address, Header.headerType.offset, 1)
        if (!NOBODY.includes(id & 0xffff)) {
          const found = this.#describe(address, id, header)
          functions.push(found)
          last = Math.max(last, found.behind?.last ?? number)
        }
        if (address === first && (header & MULTIFUNCTION) === 0) break
      }
    }
    return { number, last, functions }
  }

  #describe(address: number, id: number, header: number): FoundFunction {
    const classCode = this.#access.read(address, Header.revision.offset, 4) >>> 8
    const bridge = (header & ~MULTIFUNCTION) === HeaderLayout.bridge
    const behind = !bridge ? undefined : this.#keepNumbers ? this.#follow(address) : this.#number(address)
    return { address, vendor: id & 0xffff, device: id >>> 16, classCode, bridge, behind }
  }

  /** Gives a bridge the next number, opens it for all that are left while its bus is searched, then for those that it needed. */
  #number(address: number): FoundBus {
    const number = this.#given + 1
    const name = `the bridge at ${formatRoutingId(address)}`
    if (number > this.#lastBus) {
      throw new HostbridgeError(
        'pci.bus-numbers',
        `${name} cannot have a bus number: the last one, ${this.#lastBus}, belongs to ${this.#givenTo}; ` +
          'plug fewer bridges, or let the host have more buses',
        { address, lastBus: this.#lastBus },
      )
    }
    this.#given = number
    this.#givenTo = name
    const access = this.#access
    access.write(address, Type1.primaryBus.offset, 1, address >>> 8)
    access.write(address, Type1.secondaryBus.offset, 1, number)
    access.write(address, Type1.subordinateBus.offset, 1, this.#lastBus)
    const bus = this.search(number)
    access.write(address, Type1.subordinateBus.offset, 1, bus.last)
    return bus
  }

  /** Searches the bus that a bridge says it leads to, unless another one leads there: numbers ascend, so that no search goes round. */
  #follow(address: number): FoundBus | undefined {
    const number = this.#access.read(address, Type1.secondaryBus.offset, 1)
    if (number <= this.#given || number > this.#lastBus) return undefined
    this.#given = number
    return this.search(number)
  }
}
