import { hex, intersect, type Range } from '../address/range.ts'
import { HostbridgeError } from '../errors.ts'
import type { FlatRange } from './flat-range.ts'
import { ListenerCalls } from './listener-calls.ts'
import type { MemoryRegion } from './memory-region.ts'
import { hooksOf } from './region-hooks.ts'

const NO_RANGES: readonly Range[] = []

/**
 * The parts of one region where writes may be put off and made together later (QEMU "coalesced MMIO"). Whoever keeps such
 * writes hears of the parts as a listener; see {@link CoalescedRing}.
 */
export class CoalescedRanges {
  readonly #region: MemoryRegion
  readonly #ranges: Range[] = []

  constructor(region: MemoryRegion) {
    this.#region = region
  }

  /** Offsets in the region, in the order in which they were added; they may overlap. */
  get ranges(): readonly Range[] {
    return this.#ranges
  }

  /** Whether writes that were put off are made before any access to this region. */
  get flushes(): boolean {
    return hooksOf(this.#region)?.flushes ?? false
  }

  /**
   * Lets writes to `size` bytes at `offset` be put off. Listeners of every space that shows them are told at once, without begin
   * and commit (CM-1), and accesses to the region flush from now on.
   *
   * @throws HostbridgeError `memory.coalesced` for a range of no bytes, `memory.in-callback` from a listener's callback.
   */
  add(offset: bigint, size: bigint): void {
    const { name, size: bytes } = this.#region
    const areBytes = typeof offset === 'bigint' && typeof size === 'bigint'
    if (!areBytes || offset < 0n || size < 1n || offset + size > bytes) {
      throw new HostbridgeError(
        'memory.coalesced',
        `writes to ${hex(size)} bytes at ${hex(offset)} of '${name}' cannot be put off: give bigints, and at least one byte of its ${hex(bytes)}`,
        { region: name, offset, size },
      )
    }
    const range = { start: offset, last: offset + size - 1n }
    this.#tell(() => this.#ranges.push(range), range, 'add')
    this.#setFlushes(true)
  }

  /** Lets writes to the whole region be put off, and forgets all other ranges (CM-2). */
  set(): void {
    this.clear()
    this.add(0n, this.#region.size)
  }

  /** Makes what was put off and puts nothing off any more (CM-2). */
  clear(): void {
    if (this.#ranges.length === 0) return
    this.#region.system?.coalesced.flush()
    this.#setFlushes(false)
    for (let range = this.#ranges[0]; range !== undefined; range = this.#ranges[0]) {
      this.#tell(() => this.#ranges.shift(), range, 'del')
    }
  }

  /** Lets accesses to this region flush, though none of its own writes are put off: they must not overtake others. */
  setFlush(): void {
    this.#setFlushes(true)
  }

  /** Takes {@link setFlush} back, when what was put off is made; no effect where the region has ranges of its own (CM-4). */
  clearFlush(): void {
    this.#region.system?.coalesced.flush()
    if (this.#ranges.length === 0) this.#setFlushes(false)
  }

  #setFlushes(flushes: boolean): void {
    const hooks = hooksOf(this.#region)
    if (hooks !== undefined) hooks.flushes = flushes
  }

  /** Changes the list and tells the listeners of all that show a part of `range`; they must stay the same meanwhile. */
  #tell(change: () => void, range: Range, what: 'add' | 'del'): void {
    const { name, system } = this.#region
    if (system === undefined) {
      change()
      return
    }
    system.tell(`the writes to '${name}' that are put off cannot change`, (registry) => {
      change()
      const calls = new ListenerCalls()
      for (const space of registry.spaces) {
        const listeners = what === 'add' ? registry.of(space) : registry.of(space).toReversed()
        for (const section of space.flatView.ranges) {
          const part = section.region === this.#region ? shownIn(section, range) : undefined
          if (part === undefined) continue
          for (const listener of listeners) {
            if (what === 'add') calls.coalescedAdd(listener, section, part, space)
            else calls.coalescedDel(listener, section, part, space)
          }
        }
      }
      calls.finish(`writes to '${name}' that are put off`)
    })
  }
}

/** Where a section shows parts of its region whose writes may be put off, in addresses of the space, in the region's order. */
export function coalescedIn(section: FlatRange): readonly Range[] {
  if (!section.region.hasCoalescing) return NO_RANGES
  const parts = section.region.coalescing.ranges.map((range) => shownIn(section, range))
  return parts.filter((part) => part !== undefined)
}

/** The addresses where `section` shows a part of its region; `undefined` where it shows nothing of it. */
function shownIn(section: FlatRange, part: Range): Range | undefined {
  const shift = section.start - section.offset
  return intersect({ start: part.start + shift, last: part.last + shift }, section)
}
