import { LAST_ADDRESS } from '@hostbridge/core/address'
import { MappingRefusedError, type MemoryRegion } from '@hostbridge/core/memory'
import type { BarWindows } from './bars.ts'
import { ioWindow, memoryWindow, prefetchableWindow, type WindowRange } from './bridge-header.ts'
import type { ConfigSpace } from './config-space.ts'
import { Command, Header } from './spec/header.ts'
import { WindowAlias } from './window-alias.ts'

/** Windows lie over what else is on the bus, as BARs do; what nobody claims lies below everything. */
const CLAIMED = 1
const UNCLAIMED = -1

const LAST_IO = 0xffff_ffffn

/** The addresses behind a bridge. */
export interface AddressesBehind {
  readonly memory: MemoryRegion
  readonly io: MemoryRegion
}

/**
 * What a bridge passes from the bus above it to the bus below: I/O, memory and prefetchable memory between base and limit, while
 * the command register lets that kind of address through (PCI-to-PCI Bridge Architecture 1.2, sections 4.2 to 4.4). A subtractive
 * one passes on too what nobody else answers.
 *
 * The pieces never overlap, so that a guest which lets the windows of many nested bridges lie over each other costs no more
 * than one that does not: `'overlapping windows of nested bridges cost what their number is'` pins it.
 */
export class BridgeForwarding {
  readonly #config: ConfigSpace
  readonly #io: readonly WindowAlias[]
  readonly #memory: readonly WindowAlias[]
  readonly #subtractive: boolean
  #above: BarWindows | undefined
  #powered = true

  constructor(owner: string, config: ConfigSpace, behind: AddressesBehind, subtractive: boolean) {
    this.#config = config
    this.#subtractive = subtractive
    const rest = (kind: string, target: MemoryRegion, count: number): WindowAlias[] =>
      Array.from(
        { length: subtractive ? count : 0 },
        (_, piece) => new WindowAlias(`${owner} unclaimed ${kind} ${piece}`, target, UNCLAIMED),
      )
    const { io, memory } = behind
    this.#io = [new WindowAlias(`${owner} io window`, io, CLAIMED), ...rest('io', io, 2)]
    this.#memory = [
      new WindowAlias(`${owner} memory window`, memory, CLAIMED),
      new WindowAlias(`${owner} prefetchable window`, memory, CLAIMED),
      new WindowAlias(`${owner} prefetchable window behind the other`, memory, CLAIMED),
      ...rest('memory', memory, 3),
    ]
  }

  /** Lets the windows appear in the addresses of a bus, or in none. */
  attach(above: BarWindows | undefined): void {
    const old = this.#above
    if (old !== undefined && above === undefined) this.#show(old, undefined)
    this.#above = above
    this.update()
  }

  /** Follows the bridge's power state: only in D0 it passes anything on. */
  setPowered(powered: boolean): void {
    this.#powered = powered
  }

  /**
   * Brings the windows to where the registers say, in one transaction of the memory map.
   *
   * @throws MappingRefusedError where a listener refuses what appears; it is mapped then.
   */
  update(): void {
    if (this.#above !== undefined) this.#show(this.#above, this.#config)
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

  #show({ memory, io }: BarWindows, config: ConfigSpace | undefined): void {
    const moves = [
      ...movesOf(this.#memory, memory, config === undefined ? [] : this.#memoryPieces(config)),
      ...movesOf(this.#io, io, config === undefined ? [] : this.#ioPieces(config)),
    ]
    if (moves.length === 0) return
    const system = memory?.system ?? io?.system
    const all = (): void => {
      for (const move of moves) move()
    }
    if (system === undefined) all()
    else system.transaction(all)
  }

  #ioPieces(config: ConfigSpace): (WindowRange | undefined)[] {
    if (!this.#decodes(config, Command.io)) return []
    const window = ioWindow(config)
    return this.#subtractive ? [window, ...around([window], LAST_IO)] : [window]
  }

  #memoryPieces(config: ConfigSpace): (WindowRange | undefined)[] {
    if (!this.#decodes(config, Command.memory)) return []
    const memory = memoryWindow(config)
    const [first, second] = without(prefetchableWindow(config), memory)
    const pieces = [memory, first, second]
    return this.#subtractive ? [...pieces, ...around(pieces, LAST_ADDRESS)] : pieces
  }

  #decodes(config: ConfigSpace, kind: number): boolean {
    return this.#powered && (config.get(Header.command) & kind) !== 0
  }
}

function movesOf(
  aliases: readonly WindowAlias[],
  above: MemoryRegion | undefined,
  pieces: readonly (WindowRange | undefined)[],
): (() => void)[] {
  return aliases.flatMap((window, index) => {
    const piece = pieces[index]
    return window.differs(above, piece) ? [() => window.show(above, piece)] : []
  })
}

/** What of `range` lies below, and above, what `taken` has. */
function without(range: WindowRange | undefined, taken: WindowRange | undefined): (WindowRange | undefined)[] {
  if (range === undefined || taken === undefined || range.last < taken.start || taken.last < range.start) return [range]
  return [
    range.start < taken.start ? { start: range.start, last: taken.start - 1n } : undefined,
    range.last > taken.last ? { start: taken.last + 1n, last: range.last } : undefined,
  ]
}

/** What lies between, below and above disjoint pieces. */
function around(pieces: readonly (WindowRange | undefined)[], last: bigint): WindowRange[] {
  const taken = pieces.filter((piece) => piece !== undefined).sort((a, b) => (a.start < b.start ? -1 : 1))
  const gaps: WindowRange[] = []
  let start = 0n
  for (const piece of taken) {
    if (piece.start > start) gaps.push({ start, last: piece.start - 1n })
    start = piece.last + 1n
  }
  if (start <= last) gaps.push({ start, last })
  return gaps
}
