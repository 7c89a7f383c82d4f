import { frameOf, PAGE_SIZE } from '../address/page-frame.ts'
import { IommuRegion } from './iommu-region.ts'
import type { MemoryRegion } from './memory-region.ts'
import type { MmioPort } from './mmio-port.ts'
import { MmioRegion } from './mmio-region.ts'
import { RamDeviceRegion } from './ram-device-region.ts'
import { RamRegion } from './ram-region.ts'
import { RomDeviceRegion } from './rom-device-region.ts'
import type { Translator } from './translator.ts'

/** Memory that a host can map for a guest (`is_ram`, MR-3). */
export type MappableRegion = RamRegion | RamDeviceRegion

/** What of a range is not its place; the flags are inherited from every alias and container above (MR-11). */
export interface RangeFlags {
  readonly readonly: boolean
  /** A ROM device in ROM mode. */
  readonly romMode: boolean
  /** Default false. */
  readonly nonvolatile?: boolean
  /** Default false. */
  readonly unmergeable?: boolean
  /** Who logs writes, a bit for each; no part of a range's identity (FV-5). Default 0. */
  readonly dirtyMask?: number
}

/** A stretch of an address space that one region answers: what a listener gets as its section. Never changes. */
export class FlatRange implements RangeFlags {
  readonly region: MemoryRegion
  /** First address. */
  readonly start: bigint
  /** Last address, inside. */
  readonly last: bigint
  /** The offset in `region` that `start` shows. */
  readonly offset: bigint
  readonly readonly: boolean
  readonly romMode: boolean
  readonly nonvolatile: boolean
  readonly unmergeable: boolean
  readonly dirtyMask: number

  // The same as page frames and bytes inside the page: an access calculates with these.
  readonly startFrame: number
  readonly startByte: number
  readonly lastFrame: number
  readonly lastByte: number
  /** What makes an address an offset in the region: frames to add, maybe negative, and bytes, 0 to 4095. */
  readonly shiftFrames: number
  readonly shiftBytes: number

  /** The region where it is RAM, ROM or a RAM device; not a ROM device, in ROM mode neither (MR-3). */
  readonly mappable: MappableRegion | undefined

  // How the region answers: one of these is there, for a ROM device two, for a reservation none.
  readonly ram: RamRegion | undefined
  readonly romDevice: RomDeviceRegion | undefined
  readonly port: MmioPort | undefined
  readonly translator: Translator | undefined

  constructor(region: MemoryRegion, start: bigint, last: bigint, offset: bigint, flags: RangeFlags) {
    this.region = region
    this.start = start
    this.last = last
    this.offset = offset
    this.readonly = flags.readonly
    this.romMode = flags.romMode
    this.nonvolatile = flags.nonvolatile ?? false
    this.unmergeable = flags.unmergeable ?? false
    this.dirtyMask = flags.dirtyMask ?? 0
    this.startFrame = frameOf(start)
    this.startByte = Number(start & 0xfffn)
    this.lastFrame = frameOf(last)
    this.lastByte = Number(last & 0xfffn)
    const bytes = Number(offset & 0xfffn) - this.startByte
    this.shiftFrames = frameOf(offset) - this.startFrame - (bytes < 0 ? 1 : 0)
    this.shiftBytes = bytes < 0 ? bytes + PAGE_SIZE : bytes
    this.ram = region instanceof RamRegion ? region : undefined
    this.mappable = this.ram ?? (region instanceof RamDeviceRegion ? region : undefined)
    this.romDevice = region instanceof RomDeviceRegion ? region : undefined
    this.port = portOf(region)
    this.translator = region instanceof IommuRegion ? region.translator : undefined
  }

  /** Bytes, 1 to 2^64. */
  get size(): bigint {
    return this.last - this.start + 1n
  }

  /** Same place, same part of the same region, same flags; the dirty mask does not count (FV-5). */
  equals(other: FlatRange): boolean {
    return (
      this.#isLike(other) &&
      this.start === other.start &&
      this.last === other.last &&
      this.offset === other.offset &&
      this.unmergeable === other.unmergeable
    )
  }

  /** Whether `next` follows in address and in region offset, is otherwise the same, and both may be joined (FV-6). */
  continuesIn(next: FlatRange): boolean {
    return (
      this.#isLike(next) &&
      this.dirtyMask === next.dirtyMask &&
      !this.unmergeable &&
      !next.unmergeable &&
      next.start === this.last + 1n &&
      next.offset === this.offset + this.size
    )
  }

  #isLike(other: FlatRange): boolean {
    return (
      this.region === other.region &&
      this.readonly === other.readonly &&
      this.romMode === other.romMode &&
      this.nonvolatile === other.nonvolatile
    )
  }
}

function portOf(region: MemoryRegion): MmioPort | undefined {
  const answers = region instanceof MmioRegion || region instanceof RomDeviceRegion || region instanceof RamDeviceRegion
  return answers ? region.port : undefined
}
