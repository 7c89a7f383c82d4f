import { HostbridgeError } from '@hostbridge/core'
import { MappingRefusedError, type MemoryRegion, type RegionOwner } from '@hostbridge/core/memory'
import { Bar, type BarOptions } from './bar.ts'
import type { ConfigSpace } from './config-space.ts'
import { BRIDGE_BARS, FIRST_BAR, FUNCTION_BARS, ROM_BAR } from './spec/bar.ts'
import { Command, Header, HeaderLayout } from './spec/header.ts'

/** The addresses that a bus decodes, and what BARs may do there. */
export interface BarWindows {
  /** The bus's memory addresses. */
  readonly memory?: MemoryRegion
  /** The bus's I/O addresses. */
  readonly io?: MemoryRegion
  /** Whether a BAR may lie at address 0; only where a platform says so (PC-6). */
  readonly zeroAllowed?: boolean
}

/** The command bits that let addresses through. */
const DECODES = Command.io | Command.memory

/** BARs lie over what else is on the bus (PC-6). */
const BAR_PRIORITY = 1

interface Mapping {
  readonly bar: Bar
  /** Where it is mapped now. */
  container: MemoryRegion | undefined
  address: bigint | undefined
}

/**
 * The base address registers of one function, and their regions in the addresses of its bus (PC-6).
 *
 * A region is where its register points while the command register lets its kind of address through and the function is
 * powered; it moves when the guest moves it, whatever else is there.
 */
export class Bars {
  readonly #device: RegionOwner
  readonly #owner: string
  readonly #config: ConfigSpace
  readonly #mappings = new Map<number, Mapping>()
  #windows: BarWindows | undefined
  #powered = true
  /** Regions that are mapped. */
  #mapped = 0

  /** Regions that belong to nobody yet become the owner's (SP-7). */
  constructor(owner: RegionOwner, config: ConfigSpace) {
    this.#device = owner
    this.#owner = owner.name
    this.#config = config
  }

  /** The registers that there are, by index; a ROM's index is 6. */
  get all(): ReadonlyMap<number, Bar> {
    return new Map(Array.from(this.#mappings, ([index, { bar }]) => [index, bar]))
  }

  /** Where the region of a register is mapped; `undefined` where it is not. */
  addressOf(index: number): bigint | undefined {
    return this.#mappings.get(index)?.address
  }

  /**
   * Gives the function a register, 0 to 5 (of a bridge 0 and 1); a 64-bit one takes the next one too. A ROM has its own: its
   * index counts for nothing.
   *
   * @throws HostbridgeError `pci.bar-taken`, `pci.bar-index`, `pci.bar-size`.
   */
  add(index: number, options: BarOptions): Bar {
    const bridge = this.#config.get(Header.layout) === HeaderLayout.bridge
    const place = options.kind === 'rom' ? FUNCTION_BARS : index
    this.#checkIndex(place, options, bridge ? BRIDGE_BARS : FUNCTION_BARS)
    const rom = bridge ? ROM_BAR.bridge : ROM_BAR.function
    const offset = options.kind === 'rom' ? rom : FIRST_BAR + 4 * index
    const bar = new Bar(this.#config, offset, this.#owner, options)
    if (options.region.owner === undefined) options.region.ownedBy(this.#device)
    this.#mappings.set(place, { bar, container: undefined, address: undefined })
    return bar
  }

  /**
   * Lets the regions appear in the addresses of a bus, or in none.
   *
   * @throws HostbridgeError `memory.foreign-region` where one has been in another machine; said now, not when the guest maps it.
   */
  attach(windows: BarWindows | undefined): void {
    for (const { bar } of this.#mappings.values()) {
      const container = bar.io ? windows?.io : windows?.memory
      container?.system?.adopt(bar.region)
    }
    this.#windows = windows
    this.update()
  }

  /** Says whether the function is in D0, where alone it decodes addresses; {@link update} follows. */
  setPowered(powered: boolean): void {
    this.#powered = powered
  }

  /**
   * Brings all regions to where the registers say, in one transaction of the memory map.
   *
   * @throws MappingRefusedError where a listener refuses what appears; it is mapped then.
   */
  update(): void {
    const decoded = this.#powered ? this.#config.read(Header.command.offset, 2) & DECODES : 0
    // So it is while firmware sizes the registers of every function.
    if (decoded === 0 && this.#mapped === 0) return
    const moves: (() => void)[] = []
    for (const mapping of this.#mappings.values()) {
      const { bar } = mapping
      const container = bar.io ? this.#windows?.io : this.#windows?.memory
      const address = container === undefined ? undefined : this.#placeOf(bar, decoded)
      const target = address === undefined ? undefined : container
      if (address === mapping.address && target === mapping.container) continue
      moves.push(() => this.#move(mapping, target, address))
    }
    if (moves.length === 0) return
    const system = this.#systemOf()
    const all = (): void => {
      for (const step of moves) step()
    }
    if (system === undefined) all()
    else system.transaction(all)
  }

  /** As {@link update}, for a change that a guest made: what listeners refuse is returned, not thrown. */
  updateForGuest(): MappingRefusedError | undefined {
    try {
      this.update()
      return undefined
    } catch (error) {
      if (error instanceof MappingRefusedError) return error
      throw error
    }
  }

  #placeOf(bar: Bar, decoded: number): bigint | undefined {
    if ((decoded & (bar.io ? Command.io : Command.memory)) === 0) return undefined
    return bar.place(this.#windows?.zeroAllowed === true)
  }

  #move(mapping: Mapping, container: MemoryRegion | undefined, address: bigint | undefined): void {
    this.#mapped += Number(container !== undefined) - Number(mapping.container !== undefined)
    move(mapping, container, address)
  }

  #systemOf(): MemoryRegion['system'] {
    for (const { container } of this.#mappings.values()) if (container !== undefined) return container.system
    return this.#windows?.memory?.system ?? this.#windows?.io?.system
  }

  #checkIndex(index: number, options: BarOptions, count: number): void {
    const wide = options.kind === 'memory64'
    const highest = options.kind === 'rom' ? FUNCTION_BARS : count - (wide ? 2 : 1)
    if (!Number.isInteger(index) || index < 0 || index > highest) {
      throw new HostbridgeError(
        'pci.bar-index',
        `'${this.#owner}' cannot have '${options.region.name}' at base address register ${index}: a ${options.kind} one is 0 to ${highest}`,
        { device: this.#owner, index, kind: options.kind },
      )
    }
    const below = this.#mappings.get(index - 1)?.bar
    const other =
      this.#mappings.get(index)?.bar ??
      (wide ? this.#mappings.get(index + 1)?.bar : undefined) ??
      (below?.kind === 'memory64' && index < FUNCTION_BARS ? below : undefined)
    if (other === undefined) return
    throw new HostbridgeError(
      'pci.bar-taken',
      `'${options.region.name}' cannot have base address register ${index} of '${this.#owner}': '${other.region.name}' has it; take another one`,
      { device: this.#owner, index, region: options.region.name, other: other.region.name },
    )
  }
}

function move(mapping: Mapping, container: MemoryRegion | undefined, address: bigint | undefined): void {
  const { region } = mapping.bar
  if (mapping.container !== undefined && region.container === mapping.container) mapping.container.remove(region)
  mapping.container = container
  mapping.address = address
  if (container !== undefined && address !== undefined) container.add(region, address, { priority: BAR_PRIORITY })
}
