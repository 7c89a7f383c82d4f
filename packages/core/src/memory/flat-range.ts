import { frameOf, PAGE_SIZE } from '../address/page-frame.ts'
import { IommuRegion } from './iommu-region.ts'
import type { MemoryRegion } from './memory-region.ts'
import type { MmioPort } from './mmio-port.ts'
import { MmioRegion } from './mmio-region.ts'
import { RamRegion } from './ram-region.ts'
import { RomDeviceRegion } from './rom-device-region.ts'
import type { Translator } from './translator.ts'

/** What of a range's identity is not its place. */
export interface RangeFlags {
  /** Read-only itself or through an alias or container above (MR-11). */
  readonly readonly: boolean
  /** A ROM device in ROM mode. */
  readonly romMode: boolean
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

  // The same as page frames and bytes inside the page: an access calculates with these.
  readonly startFrame: number
  readonly startByte: number
  readonly lastFrame: number
  readonly lastByte: number
  /** What makes an address an offset in the region: frames to add, maybe negative, and bytes, 0 to 4095. */
  readonly shiftFrames: number
  readonly shiftBytes: number

  // How the region answers: one of these is there, for a ROM device two.
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
    this.startFrame = frameOf(start)
    this.startByte = Number(start & 0xfffn)
    this.lastFrame = frameOf(last)
    this.lastByte = Number(last & 0xfffn)
    const bytes = Number(offset & 0xfffn) - this.startByte
    this.shiftFrames = frameOf(offset) - this.startFrame - (bytes < 0 ? 1 : 0)
    this.shiftBytes = bytes < 0 ? bytes + PAGE_SIZE : bytes
    this.ram = region instanceof RamRegion ? region : undefined
    this.romDevice = region instanceof RomDeviceRegion ? region : undefined
    this.port = this.romDevice?.port ?? (region instanceof MmioRegion ? region.port : undefined)
    this.translator = region instanceof IommuRegion ? region.translator : undefined
  }

  /** Bytes, 1 to 2^64. */
  get size(): bigint {
    return this.last - this.start + 1n
  }

  /** Same place, same part of the same region, same flags (FV-5). */
  equals(other: FlatRange): boolean {
    return this.start === other.start && this.last === other.last && this.offset === other.offset && this.#isLike(other)
  }

  /** Whether `next` follows in address and in region offset and is otherwise the same (FV-6). */
  continuesIn(next: FlatRange): boolean {
    return next.start === this.last + 1n && next.offset === this.offset + this.size && this.#isLike(next)
  }

  #isLike(other: FlatRange): boolean {
    return this.region === other.region && this.readonly === other.readonly && this.romMode === other.romMode
  }
}
