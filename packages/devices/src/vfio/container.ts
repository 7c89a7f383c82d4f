import { HostbridgeError } from '@hostbridge/core'
import { addressOf, LAST_FRAME } from '@hostbridge/core/address'
import { Iommu, type ReplayResult } from '@hostbridge/core/iommu'
import {
  type AddressSpace,
  type FlatRange,
  MappingRefusedError,
  type MemoryListener,
  type Refusal,
  type RefusedRun,
} from '@hostbridge/core/memory'
import { GuestWindow } from './guest-window.ts'
import type { HostMemory } from './host-memory.ts'
import { HostSink } from './host-sink.ts'
import type { HostTable } from './host-table.ts'
import { Mapper } from './mapper.ts'
import { PlugRefusedError } from './plug-refused-error.ts'
import { RefusedFrames } from './refused-frames.ts'
import { filterSection, isDevice, type MappableSection } from './section-filter.ts'
import type { Type1Iommu } from './type1-iommu.ts'

export interface ContainerOptions {
  readonly name: string
  /** The DMA address space of the guest's devices. */
  readonly space: AddressSpace
  /** The guest's system memory, where its IOMMUs lead. */
  readonly guest: AddressSpace
  /** Whether guest IOMMUs are asked for the mappings that exist already; see `VfioPciOptions.replay`. */
  readonly replay: boolean
}

/** A section that a container maps; `window` where a guest's IOMMU translates it, else it is RAM. */
interface Mapped {
  readonly section: FlatRange
  readonly part: MappableSection
  readonly window: GuestWindow | undefined
}

/**
 * What a host has mapped for one DMA address space of a guest: one page table that all cards in the container use (CT-1).
 *
 * It follows the address space as a listener, and its IOMMUs as a notifier, from {@link open} to {@link close}.
 */
export class Container {
  readonly name: string
  readonly space: AddressSpace
  readonly #options: ContainerOptions
  readonly #iommu: Type1Iommu
  readonly #mapper: Mapper
  readonly #listener: MemoryListener
  readonly #mapped = new Map<bigint, Mapped>()
  readonly #skipped = new Map<bigint, FlatRange>()
  #opening = false
  #opened: ReplayResult = { events: 0, bytes: 0n, failures: [] }
  #events = 0
  #bytes = 0n

  constructor(iommu: Type1Iommu, memory: HostMemory, options: ContainerOptions) {
    this.name = options.name
    this.space = options.space
    this.#options = options
    this.#iommu = iommu
    this.#mapper = new Mapper(iommu, memory, options.guest)
    this.#listener = {
      name: options.name,
      priority: 0,
      regionAdd: (section) => this.#add(section),
      regionDel: (section) => this.#remove(section),
      commit: () => this.#mapper.giveBackGone(),
    }
  }

  /** The page table that the cards' DMA goes through. */
  get table(): HostTable {
    return this.#mapper.table
  }

  /** Sections that are not mapped: crooked to the host's pages (VS-2, VB-4), or a device's memory that the host refused (VF-1). */
  get skipped(): readonly FlatRange[] {
    return [...this.#skipped.values()]
  }

  /** What {@link open} mapped. A section of RAM counts as one event. */
  get opened(): ReplayResult {
    return this.#opened
  }

  /**
   * Maps everything that is in the address space and follows it from now on.
   *
   * @throws PlugRefusedError naming `device`, with all that the host cannot map; nothing is mapped then, nobody followed.
   */
  open(device: string): void {
    this.#events = 0
    this.#bytes = 0n
    this.#opening = true
    this.#mapper.begin()
    try {
      this.space.register(this.#listener)
    } catch (error) {
      for (const mapped of [...this.#mapped.values()]) this.#forget(mapped)
      this.#mapper.rollback()
      throw error instanceof MappingRefusedError ? this.#plugRefused(device, error.refused) : error
    } finally {
      this.#opening = false
    }
    this.#mapper.commit()
    this.#opened = { events: this.#events, bytes: this.#bytes, failures: [] }
  }

  /** Unmaps everything, each section once, follows nobody any more and gives the guest's RAM back (CT-5). */
  close(): void {
    this.space.unregister(this.#listener)
    this.#mapper.close()
  }

  /**
   * Maps everything anew: a guest's tables have been restored, of which nobody is told.
   *
   * @throws PlugRefusedError naming `device`, with all that the host cannot map; everything is as before then.
   */
  rebuild(device: string): void {
    this.#mapper.abandonSink()
    this.#mapper.begin()
    this.#mapper.unmap(0, LAST_FRAME + 1)
    for (const mapped of this.#mapped.values()) this.#fill(mapped, true)
    const refused = this.#mapper.takeRefused()
    if (refused !== undefined) {
      this.#mapper.rollback()
      throw this.#plugRefused(device, refused)
    }
    this.#mapper.commit()
  }

  /**
   * Makes what takes runs of a guest's IOMMU that somebody else walks, such as workers.
   *
   * @throws HostbridgeError `vfio.not-followed` unless the container is open and the IOMMU is in its address space.
   */
  sink(iommu: Iommu): HostSink {
    this.#windowsOf(iommu)
    return new HostSink(this.#mapper, () => this.#windowsOf(iommu))
  }

  #windowsOf(iommu: Iommu): readonly GuestWindow[] {
    const windows = [...this.#mapped.values()].flatMap(({ window }) => (window?.iommu === iommu ? [window] : []))
    if (windows.length > 0) return windows
    const message = `${this.name} does not follow '${iommu.name}': plug a card first, on a bus that the IOMMU translates`
    throw new HostbridgeError('vfio.not-followed', message, { container: this.name, iommu: iommu.name })
  }

  #add(section: FlatRange): Refusal | undefined {
    const part = filterSection(section, this.#iommu.pages.smallest)
    if (part === 'misaligned') this.#skipped.set(section.start, section)
    if (typeof part === 'string') return undefined
    const mapped: Mapped = { section, part, window: this.#windowOver(section) }
    if (this.#opening) return this.#take(mapped)
    this.#mapper.abandonSink()
    this.#mapper.begin()
    let refused: Refusal | undefined = []
    try {
      refused = this.#take(mapped)
    } finally {
      if (refused === undefined) this.#mapper.commit()
      else {
        this.#forget(mapped)
        this.#mapper.rollback()
      }
    }
    return refused
  }

  /** Follows a section, then maps what it holds: no change can fall between the two (NR-7). */
  #take(mapped: Mapped): Refusal | undefined {
    const { section, window } = mapped
    window?.iommu.register(window.notifier)
    this.#mapped.set(section.start, mapped)
    this.#fill(mapped, this.#options.replay)
    const refused = this.#mapper.takeRefused()
    if (refused === undefined || !isDevice(section)) return refused
    // The cards do without what is refused of another card's memory (VF-1).
    this.#mapper.unmap(mapped.part.first, mapped.part.frames)
    this.#mapper.takeRefused()
    this.#mapped.delete(section.start)
    this.#skipped.set(section.start, section)
    return undefined
  }

  #windowOver(section: FlatRange): GuestWindow | undefined {
    const { translator } = section
    if (!(translator instanceof Iommu)) return undefined
    return new GuestWindow(section, translator, this.#mapper, this.#options.guest)
  }

  #fill({ section, part, window }: Mapped, replay: boolean): void {
    if (window !== undefined) {
      if (!replay) return
      const { events, bytes } = window.iommu.replay(window.notifier)
      this.#events += events
      this.#bytes += bytes
    } else if (section.translator !== undefined) {
      this.#mapper.refuse(part.first, part.frames, 'no-replay')
    } else {
      this.#mapper.mapRam(section, part)
      this.#events++
      this.#bytes += addressOf(part.frames)
    }
  }

  #remove(section: FlatRange): void {
    this.#skipped.delete(section.start)
    const mapped = this.#mapped.get(section.start)
    if (mapped === undefined) return
    this.#mapper.abandonSink()
    this.#forget(mapped)
    this.#mapper.unmap(mapped.part.first, mapped.part.frames)
  }

  /** Follows a section no more; it is the one whose notifier covers its own bytes (VD-1). */
  #forget({ section, window }: Mapped): void {
    this.#mapped.delete(section.start)
    window?.iommu.unregister(window.notifier)
  }

  #plugRefused(device: string, refused: readonly RefusedRun[]): PlugRefusedError {
    const merged = new RefusedFrames()
    merged.addRuns(refused)
    return new PlugRefusedError(
      device,
      merged.take((code) => this.#iommu.reasonOf(code)),
      { space: this.space },
    )
  }
}
