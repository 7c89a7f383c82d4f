import { HostbridgeError } from '@hostbridge/core'
import { fieldAt } from './config-field.ts'
import type { ConfigSpace } from './config-space.ts'
import { Capability } from './spec/capabilities.ts'
import { CONFIG_SIZE, HEADER_SIZE, Header, Status } from './spec/header.ts'

/** A capability that a function has. */
export interface CapabilityEntry {
  readonly id: number
  /** Where it lies in configuration space. */
  readonly offset: number
  /** Bytes. */
  readonly length: number
}

/** The chain of capabilities of a function, which begins at the header's `capabilities` register (PCI Local Bus 3.0, section 6.7). */
export class CapabilityList {
  readonly #owner: string
  readonly #config: ConfigSpace
  readonly #entries: CapabilityEntry[] = []

  constructor(owner: string, config: ConfigSpace) {
    this.#owner = owner
    this.#config = config
  }

  /** In the order of the chain. */
  get entries(): readonly CapabilityEntry[] {
    return this.#entries
  }

  find(id: number): CapabilityEntry | undefined {
    return this.#entries.find((entry) => entry.id === id)
  }

  /**
   * Puts a capability at the end of the chain, at the first free place unless told, all of its bytes 0 and read-only behind
   * id and link; returns its offset.
   *
   * @throws HostbridgeError `pci.capability-space` where there is no room, `pci.capability-overlap`.
   */
  add(id: number, length: number, offset: number = this.#room(id, length)): number {
    const other = this.#entries.find((entry) => offset < entry.offset + entry.length && entry.offset < offset + length)
    if (other !== undefined) {
      throw new HostbridgeError(
        'pci.capability-overlap',
        `capability ${hexId(id)} of '${this.#owner}' cannot lie at 0x${offset.toString(16)}: ` +
          `capability ${hexId(other.id)} has 0x${other.offset.toString(16)} to 0x${(other.offset + other.length - 1).toString(16)}`,
        { device: this.#owner, id, offset, other: other.id },
      )
    }
    const config = this.#config
    config.claim(offset, length)
    config.define(fieldAt(Capability.id, offset), id)
    const previous = this.#entries.at(-1)
    if (previous === undefined) config.define(Header.capabilities, offset)
    else config.define(fieldAt(Capability.next, previous.offset), offset)
    config.define(Header.status, config.get(Header.status) | Status.capabilities, { clearable: Status.errors })
    this.#entries.push({ id, offset, length })
    return offset
  }

  #room(id: number, length: number): number {
    for (let at = HEADER_SIZE; at + length <= CONFIG_SIZE; at += 4) {
      const other = this.#entries.find((entry) => at < entry.offset + entry.length && entry.offset < at + length)
      if (other === undefined) return at
    }
    throw new HostbridgeError(
      'pci.capability-space',
      `'${this.#owner}' has no ${length} bytes left for capability ${hexId(id)}: the ${CONFIG_SIZE - HEADER_SIZE} bytes behind the header are taken`,
      { device: this.#owner, id, length },
    )
  }
}

function hexId(id: number): string {
  return `0x${id.toString(16).padStart(2, '0')}`
}
