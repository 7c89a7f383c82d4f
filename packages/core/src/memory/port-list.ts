import { hex } from '../address/range.ts'
import { HostbridgeError } from '../errors.ts'
import type { MemoryRegion } from './memory-region.ts'
import type { MmioOps } from './mmio-ops.ts'
import { type MmioRegion, mmio } from './mmio-region.ts'

/** Ports of one width and what happens when they are read or written. */
export interface PortEntry {
  /** The first port, relative to where the list is put. */
  readonly offset: number
  /** How many ports an access may begin at. */
  readonly length: number
  /** Bytes of an access; another size does not meet this entry. */
  readonly size: 1 | 2 | 4
  /** `port` is the number in the I/O space. Without it reads do not meet this entry. */
  read?(port: number): number
  /** As {@link read}. */
  write?(port: number, value: number): void
}

/**
 * The ports of a device as a table (QEMU `PortioList`): entries that touch become one region of the I/O space, so that
 * what lies in the holes stays visible (PI-1).
 */
export class PortList {
  readonly name: string
  readonly #groups: PortGroup[]
  #space: MemoryRegion | undefined

  /**
   * `entries` are ascending by offset.
   *
   * @throws HostbridgeError `memory.port-list` where they are not, or there is none, or one has no ports.
   */
  constructor(name: string, entries: readonly PortEntry[]) {
    this.name = name
    checkEntries(name, entries)
    this.#groups = grouped(entries).map((group) => new PortGroup(name, group))
  }

  /** One for every run of touching ports, ascending. */
  get regions(): readonly MmioRegion[] {
    return this.#groups.map(({ region }) => region)
  }

  /**
   * Puts the ports into an I/O space, counted from port `start` on.
   *
   * @throws HostbridgeError `memory.port-list` where they are in one already, or `start` is no port; and as {@link MemoryRegion.add}.
   */
  add(space: MemoryRegion, start: number): void {
    if (this.#space !== undefined) {
      throw this.#wrong(
        `cannot be added to '${space.name}': they are in '${this.#space.name}'; remove them there first`,
      )
    }
    this.#checkStart(start)
    this.#together(space, () => {
      for (const group of this.#groups) {
        group.start = start
        space.add(group.region, BigInt(start + group.offset))
      }
    })
    this.#space = space
  }

  /** Takes the ports out of the space. @throws HostbridgeError `memory.port-list` where they are in none. */
  remove(): void {
    const space = this.#added('removed')
    this.#together(space, () => {
      for (const { region } of this.#groups) space.remove(region)
    })
    this.#space = undefined
  }

  /** Shows or hides all ports in one transaction. */
  setEnabled(enabled: boolean): void {
    this.#together(this.#space, () => {
      for (const { region } of this.#groups) region.setEnabled(enabled)
    })
  }

  /** Counts the ports from another port on, in one transaction. @throws HostbridgeError `memory.port-list` where they are in no space. */
  setStart(start: number): void {
    const space = this.#added('moved')
    this.#checkStart(start)
    this.#together(space, () => {
      for (const group of this.#groups) {
        group.start = start
        group.region.setAddress(BigInt(start + group.offset))
      }
    })
  }

  #added(what: string): MemoryRegion {
    if (this.#space !== undefined) return this.#space
    throw this.#wrong(`cannot be ${what}: add them to a space first`)
  }

  #checkStart(start: number): void {
    const most = Number.MAX_SAFE_INTEGER - Math.max(...this.#groups.map(({ end }) => end))
    if (Number.isSafeInteger(start) && start >= 0 && start <= most) return
    throw this.#wrong(`cannot begin at ${start}: a port is an integer of 0 or more, and all of them lie below 2^53`)
  }

  #wrong(why: string): HostbridgeError {
    return new HostbridgeError('memory.port-list', `the ports of '${this.name}' ${why}`, { list: this.name })
  }

  #together(space: MemoryRegion | undefined, change: () => void): void {
    if (space?.system === undefined) change()
    else space.system.transaction(change)
  }
}

/** Touching entries: the registers of one region. */
class PortGroup implements MmioOps {
  readonly endianness = 'little'
  readonly valid = { unaligned: true }
  readonly impl = { unaligned: true }
  /** The first port of the region, relative to the list. */
  readonly offset: number
  /** Behind its last port, relative to the list. */
  readonly end: number
  readonly region: MmioRegion
  /** Where the list begins in the I/O space. */
  start = 0
  readonly #entries: readonly PortEntry[]

  constructor(name: string, entries: readonly PortEntry[]) {
    this.#entries = entries
    this.offset = (entries[0] as PortEntry).offset
    this.end = Math.max(...entries.map(endOf))
    this.region = mmio(name, BigInt(this.end - this.offset), this)
  }

  read(offset: number, size: number): number {
    const at = this.offset + offset
    const exact = this.#find(at, size, 'read')
    if (exact !== undefined) return exact.read?.(this.start + at) ?? 0
    const byte = size === 2 ? this.#find(at, 1, 'read') : undefined
    if (byte === undefined) return 2 ** (8 * size) - 1
    const low = byte.read?.(this.start + at) ?? 0
    const high = covers(byte, at + 1) ? (byte.read?.(this.start + at + 1) ?? 0) : 0xff
    return (low & 0xff) | ((high & 0xff) << 8)
  }

  write(offset: number, value: number, size: number): void {
    const at = this.offset + offset
    const exact = this.#find(at, size, 'write')
    if (exact !== undefined) {
      exact.write?.(this.start + at, value)
      return
    }
    const byte = size === 2 ? this.#find(at, 1, 'write') : undefined
    if (byte === undefined) return
    byte.write?.(this.start + at, value & 0xff)
    if (covers(byte, at + 1)) byte.write?.(this.start + at + 1, value >>> 8)
  }

  /** The first entry for a port with that size and a handler for that direction (PI-2). */
  #find(at: number, size: number, direction: 'read' | 'write'): PortEntry | undefined {
    return this.#entries.find((entry) => covers(entry, at) && entry.size === size && entry[direction] !== undefined)
  }
}

function covers({ offset, length }: PortEntry, at: number): boolean {
  return at >= offset && at < offset + length
}

/** Behind the last port that an access to the entry can touch. */
function endOf({ offset, length, size }: PortEntry): number {
  return offset + length + size - 1
}

/** Cuts a list at its holes. */
function grouped(entries: readonly PortEntry[]): PortEntry[][] {
  const groups: PortEntry[][] = []
  let end = -1
  for (const entry of entries) {
    if (entry.offset > end) groups.push([])
    groups.at(-1)?.push(entry)
    end = Math.max(end, endOf(entry))
  }
  return groups
}

function checkEntries(name: string, entries: readonly PortEntry[]): void {
  const wrong = (why: string, facts: object = {}) =>
    new HostbridgeError('memory.port-list', `the ports of '${name}' ${why}`, { list: name, ...facts })
  if (entries.length === 0) throw wrong('are none: give at least one entry')
  let last = 0
  for (const entry of entries) {
    const { offset, length, size } = entry
    if (![offset, length, endOf(entry)].every(Number.isSafeInteger) || length < 1 || ![1, 2, 4].includes(size)) {
      throw wrong(
        `have an entry of ${length} ports of ${size} bytes at ${offset}: use 1, 2 or 4 bytes and at least one port`,
        { entry },
      )
    }
    if (offset < last) {
      throw wrong(`are not in order: ${hex(offset)} comes after ${hex(last)}; sort them by offset`, { offset, last })
    }
    last = offset
  }
}
