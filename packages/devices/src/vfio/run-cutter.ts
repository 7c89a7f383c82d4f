import { frameOf } from '@hostbridge/core/address'
import { Permission, type PermissionBits } from '@hostbridge/core/memory'
import type { GuestRam } from './guest-ram.ts'
import type { RefusedFrames } from './refused-frames.ts'
import { RunBuffer } from './run-buffer.ts'
import type { Type1Iommu } from './type1-iommu.ts'

/** No entry is larger than the whole space. */
const LARGEST_SHIFT = 64

/**
 * Cuts what a guest maps to what a host can map: to its usable IOVAs, to the RAM behind the addresses, to its pages.
 *
 * The cuts depend on single addresses and entry sizes alone, so that entries one by one and merged runs become the same pages.
 */
export class RunCutter {
  /** What is to be mapped, targets being the host's frames; one run for each stretch of equal pages. */
  readonly pieces: RunBuffer = new RunBuffer()
  readonly #iommu: Type1Iommu
  readonly #ram: GuestRam
  readonly #refused: RefusedFrames
  readonly #firsts: readonly number[]
  readonly #ends: readonly number[]
  #usable = false

  constructor(iommu: Type1Iommu, ram: GuestRam, refused: RefusedFrames) {
    this.#iommu = iommu
    this.#ram = ram
    this.#refused = refused
    this.#firsts = iommu.iovaRanges.map(({ start }) => frameOf(start))
    this.#ends = iommu.iovaRanges.map(({ last }) => frameOf(last) + 1)
  }

  /** Cuts a mapping to frames of the guest's memory; `maxShift` is log2 of its entries' size. */
  cutGuest(iova: number, frames: number, target: number, permission: PermissionBits, maxShift: number): void {
    const end = iova + frames
    for (let at = iova; at < end; ) {
      const stop = this.#stretchEnd(at, end)
      if (this.#usable) this.#toRam(at, stop, target + (at - iova), permission, maxShift)
      at = stop
    }
  }

  /** Cuts a mapping to frames of the host's memory, in the largest pages that fit. */
  cutHost(iova: number, frames: number, target: number, permission: PermissionBits): void {
    const end = iova + frames
    for (let at = iova; at < end; ) {
      const stop = this.#stretchEnd(at, end)
      if (this.#usable) this.#layOut(at, stop - at, target + (at - iova), permission, LARGEST_SHIFT)
      at = stop
    }
  }

  /** Where the usable or unusable stretch that begins at `at` ends; an unusable one is refused here. */
  #stretchEnd(at: number, end: number): number {
    let stop = end
    this.#usable = false
    for (let index = 0; index < this.#ends.length; index++) {
      if (this.#ends[index]! <= at) continue
      this.#usable = this.#firsts[index]! <= at
      stop = Math.min(end, this.#usable ? this.#ends[index]! : this.#firsts[index]!)
      break
    }
    if (!this.#usable) this.#refused.add(at, stop - at, 'iova-range')
    return stop
  }

  #toRam(iova: number, end: number, target: number, permission: PermissionBits, maxShift: number): void {
    const ram = this.#ram
    for (let at = iova; at < end; ) {
      ram.locate(target + (at - iova), end - at)
      const permitted = ram.readonly ? permission & Permission.read : permission
      if (ram.code !== undefined) this.#refused.add(at, ram.frames, ram.code)
      else if (permitted !== Permission.none) this.#layOut(at, ram.frames, ram.hostFrame, permitted, maxShift)
      at += ram.frames
    }
  }

  #layOut(iova: number, frames: number, target: number, permission: PermissionBits, maxShift: number): void {
    const readable = this.#iommu.alwaysReadable ? permission | Permission.read : permission
    this.#iommu.pages.layOut(iova, frames, target, readable, maxShift, this.pieces, this.#refused)
  }
}
