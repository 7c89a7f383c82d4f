import { addressOf, frameOf, PAGE_SIZE } from '../../address/page-frame.ts'
import { formatRange, hex, type Range } from '../../address/range.ts'
import { HostbridgeError } from '../../errors.ts'
import type { ListenerRegistry } from '../listener-registry.ts'
import type { RamRegion } from '../ram-region.ts'
import { cutSection } from '../ram-section.ts'
import type { RomDeviceRegion } from '../rom-device-region.ts'
import { importBitmap } from './bitmap-import.ts'
import { DirtyClient, type DirtyClients, type OneDirtyClient } from './dirty-client.ts'
import { DirtySnapshot } from './dirty-snapshot.ts'
import { GlobalTracking, type TrackedSystem } from './global-tracking.ts'

/** A region that has a block of RAM of its own. */
export type LoggedRegion = RamRegion | RomDeviceRegion

/**
 * Which pages of a system's RAM have been written, for displays, translators of code and migration (section 2.9).
 *
 * Listeners that log on their own (a host's IOMMU) are asked before the bits are read, and told which are cleared.
 */
export class DirtyLog {
  /** Logs all memory while there is a reason to. */
  readonly tracking: GlobalTracking
  readonly #system: TrackedSystem
  readonly #registry: ListenerRegistry
  #isTranslating = false

  constructor(system: TrackedSystem, registry: ListenerRegistry) {
    this.#system = system
    this.#registry = registry
    this.tracking = new GlobalTracking(system)
  }

  /** Who logs every region of a kind that interests him (DL-1). */
  get clients(): DirtyClients {
    return (
      (this.tracking.reasons === 0 ? DirtyClient.none : DirtyClient.migration) |
      (this.#isTranslating ? DirtyClient.code : DirtyClient.none)
    )
  }

  /** Says whether somebody translates code out of RAM: then he logs all of it (DL-1). */
  setTranslating(isTranslating: boolean): void {
    if (isTranslating === this.#isTranslating) return
    this.#isTranslating = isTranslating
    this.#system.renew()
  }

  /**
   * Has every listener bring in what it has logged: of each section that is logged, of one region if told, or of all at
   * once (DL-8). `isLastStage` says that the machine has stopped for good.
   */
  sync(region?: LoggedRegion, isLastStage = false): void {
    for (const { listener, space } of this.#registry.all) {
      if (listener.logSync === undefined) {
        listener.logSyncGlobal?.(isLastStage)
        continue
      }
      for (const section of space.flatView.ranges) {
        const isWanted = region === undefined || section.region === region
        if (isWanted && section.dirtyMask !== DirtyClient.none) listener.logSync(section, space)
      }
    }
  }

  /**
   * Takes the dirty pages of `size` bytes from `offset` on, and makes them clean (DL-5): the listeners bring in what they
   * have, bits are copied and cleared in groups of 64 pages, the listeners are told what is clean, and that it is over.
   *
   * Pages in the same groups, outside of the range, are clean afterwards and not in the snapshot's bounds.
   *
   * @throws HostbridgeError `memory.dirty-range` unless it lies in the region.
   */
  snapshot(region: LoggedRegion, offset: bigint, size: bigint, client: OneDirtyClient): DirtySnapshot {
    const range = rangeIn(region, offset, size)
    this.sync(region)
    const bits = region.dirty.takeGroups(frameOf(range.start), frameOf(range.last), client)
    this.#tellCleared(region, range)
    for (const { listener } of this.#registry.all) listener.logGlobalAfterSync?.()
    return new DirtySnapshot(region.name, range, bits)
  }

  /**
   * Whether a page of `size` bytes from `offset` on was dirty; all of them are clean afterwards (DL-7).
   *
   * @throws HostbridgeError `memory.dirty-range` unless it lies in the region.
   */
  testAndClear(region: LoggedRegion, offset: bigint, size: bigint, client: OneDirtyClient): boolean {
    if (size === 0n) return false
    const range = rangeIn(region, offset, size)
    const first = frameOf(range.start)
    const last = frameOf(range.last)
    const wasDirty = region.dirty.testAndClear(first, last, client)
    this.#tellCleared(region, { start: addressOf(first), last: addressOf(last + 1) - 1n })
    return wasDirty
  }

  /**
   * Makes the pages dirty that a host's bitmap names, the first of which is at `offset`; returns how many bits were set
   * (DL-11). `pageSize` is that of the host, in bytes.
   *
   * @throws HostbridgeError `memory.dirty-import`.
   */
  importBitmap(region: LoggedRegion, offset: bigint, bitmap: Uint8Array, pageSize: number = PAGE_SIZE): number {
    return importBitmap(region.dirty, frameOf(offset), bitmap, DirtyClient.vga | this.clients, pageSize)
  }

  #tellCleared(region: LoggedRegion, range: Range): void {
    for (const { listener, space } of this.#registry.all) {
      if (listener.logClear === undefined) continue
      for (const section of space.flatView.ranges) {
        if (section.region !== region || section.dirtyMask === DirtyClient.none) continue
        const cleared = cutSection(section, range)
        if (cleared !== undefined) listener.logClear(cleared, space)
      }
    }
  }
}

function rangeIn(region: LoggedRegion, offset: bigint, size: bigint): Range {
  const areBytes = typeof offset === 'bigint' && typeof size === 'bigint'
  if (areBytes && offset >= 0n && size > 0n && offset + size <= region.size) {
    return { start: offset, last: offset + size - 1n }
  }
  const asked = areBytes
    ? formatRange({ start: offset, last: offset + size - 1n })
    : `${size} bytes at ${offset}, which are no bigints,`
  throw new HostbridgeError(
    'memory.dirty-range',
    `${asked} does not lie in '${region.name}', which has ${hex(region.size)} bytes`,
    { region: region.name, offset, size },
  )
}
