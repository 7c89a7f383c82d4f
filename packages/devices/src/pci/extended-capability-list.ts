import { HostbridgeError } from '@hostbridge/core'
import { type ConfigField, fieldAt } from './config-field.ts'
import type { ConfigSpace } from './config-space.ts'
import { Extended } from './spec/extended.ts'
import { EXPRESS_CONFIG_SIZE, EXTENDED_START } from './spec/header.ts'

/** One register of an extended capability: its value after a reset, and what a guest can do to it. */
export interface ExtendedRegister {
  readonly field: ConfigField
  readonly value: number
  readonly writable?: number
  readonly clearable?: number
}

/** What an extended capability is made of; what no register covers is 0. */
export interface ExtendedLayout {
  readonly id: number
  readonly version: number
  /** Bytes, with the header of 4. */
  readonly size: number
  readonly registers: readonly ExtendedRegister[]
}

/** An extended capability of a function: its registers by name. */
export class ExtendedCapability {
  readonly id: number
  readonly offset: number
  readonly size: number
  readonly #config: ConfigSpace

  constructor(config: ConfigSpace, offset: number, { id, size }: ExtendedLayout) {
    this.#config = config
    this.id = id
    this.offset = offset
    this.size = size
  }

  get(field: ConfigField): number {
    return this.#config.get(fieldAt(field, this.offset))
  }

  set(field: ConfigField, value: number): void {
    this.#config.set(fieldAt(field, this.offset), value)
  }
}

/** The chain of extended capabilities of a PCI Express function, which begins at 0x100 (PCI Express Base 5.0, section 7.6). */
export class ExtendedCapabilityList {
  readonly #owner: string
  readonly #config: ConfigSpace
  readonly #entries: ExtendedCapability[] = []

  constructor(owner: string, config: ConfigSpace) {
    this.#owner = owner
    this.#config = config
  }

  /** In the order of the chain. */
  get entries(): readonly ExtendedCapability[] {
    return this.#entries
  }

  find(id: number): ExtendedCapability | undefined {
    return this.#entries.find((entry) => entry.id === id)
  }

  /**
   * Puts a capability at the end of the chain, behind the one before.
   *
   * @throws HostbridgeError `pci.extended-space` for a function without extended space, or one whose space is full;
   *   `pci.extended-twice` where it has the same already.
   */
  add(layout: ExtendedLayout): ExtendedCapability {
    const previous = this.#entries.at(-1)
    const offset = previous === undefined ? EXTENDED_START : (previous.offset + previous.size + 3) & ~3
    this.#check(layout, offset)
    const config = this.#config
    config.claim(offset, layout.size)
    config.define(fieldAt(Extended.header, offset), layout.id | (layout.version << 16))
    if (previous !== undefined) config.define(fieldAt(Extended.next, previous.offset), offset)
    for (const { field, value, ...access } of layout.registers) config.define(fieldAt(field, offset), value, access)
    const entry = new ExtendedCapability(config, offset, layout)
    this.#entries.push(entry)
    return entry
  }

  #check({ id, size }: ExtendedLayout, offset: number): void {
    const name = `extended capability 0x${id.toString(16).padStart(4, '0')}`
    if (this.find(id) !== undefined) {
      const message = `'${this.#owner}' has ${name} already: a function has one of each`
      throw new HostbridgeError('pci.extended-twice', message, { device: this.#owner, id })
    }
    if (offset + size <= this.#config.size) return
    const why =
      this.#config.size < EXPRESS_CONFIG_SIZE
        ? 'it is no PCI Express function; make it one'
        : `0x${offset.toString(16)} and ${size} bytes are past the end`
    throw new HostbridgeError('pci.extended-space', `'${this.#owner}' has no room for ${name}: ${why}`, {
      device: this.#owner,
      id,
      offset,
      size,
    })
  }
}
