import { PAGE_SHIFT, PAGE_SIZE } from '@hostbridge/core/address'
import { type Iommu, type IommuEvent, Notifier, NotifierFlag } from '@hostbridge/core/iommu'
import {
  type AddressSpace,
  type FlatRange,
  Permission,
  type PermissionBits,
  type Refusal,
} from '@hostbridge/core/memory'
import type { Mapper } from './mapper.ts'

/**
 * A section of an address space that a guest's IOMMU translates, as a container follows it (rules VB-2, VN-1 to VN-6).
 *
 * The notifier hears of the section's bytes alone; what it hears of lands `distance` pages further on in the address space.
 */
export class GuestWindow {
  readonly iommu: Iommu
  readonly notifier: Notifier
  readonly #mapper: Mapper
  readonly #leadsToGuest: boolean
  /** Page frames to add to the IOMMU region's for those of the address space: QEMU's `iommu_offset`. */
  readonly #distance: number
  /** No host page is larger than the distance is aligned: entries keep apart in the host what they are in the guest. */
  readonly #maxShift: number
  /** The section in the region's page frames: those it touches, and those it has as a whole; ends outside. */
  readonly #first: number
  readonly #end: number
  readonly #firstWhole: number
  readonly #endWhole: number

  /** `guest` is the guest's system memory, where the IOMMU must lead (VN-1). */
  constructor(section: FlatRange, iommu: Iommu, mapper: Mapper, guest: AddressSpace) {
    this.iommu = iommu
    this.#mapper = mapper
    this.#leadsToGuest = iommu.target === guest
    this.#distance = -section.shiftFrames
    this.#maxShift = alignmentOf(this.#distance)
    this.#first = section.startFrame - this.#distance
    this.#end = section.lastFrame + 1 - this.#distance
    this.#firstWhole = this.#first + (section.startByte === 0 ? 0 : 1)
    this.#endWhole = this.#end - (section.lastByte === PAGE_SIZE - 1 ? 0 : 1)
    this.notifier = new Notifier({
      name: `vfio '${iommu.name}'`,
      flags: NotifierFlag.map | NotifierFlag.unmap,
      range: { start: section.offset, last: section.offset + section.size - 1n },
      form: 'runs',
      notify: (event) => this.#notify(event),
    })
  }

  /**
   * Maps the part of a run of the IOMMU that lies in the section, and returns how many pages that is. `frame` is relative to
   * the IOMMU region.
   */
  map(frame: number, frames: number, target: number, permission: PermissionBits, shift: number): number {
    const first = Math.max(frame, this.#first)
    const end = Math.min(frame + frames, this.#end)
    if (first >= end) return 0
    if (this.#leadsToGuest) this.#mapPages(first, end, target + (first - frame), permission, shift)
    else this.#mapper.refuse(first + this.#distance, end - first, 'target')
    return end - first
  }

  /** Pages that the section has in part only cannot be mapped. */
  #mapPages(first: number, end: number, target: number, permission: PermissionBits, shift: number): void {
    const from = Math.min(Math.max(first, this.#firstWhole), end)
    const to = Math.max(Math.min(end, this.#endWhole), from)
    if (from > first) this.#mapper.refuse(first + this.#distance, from - first, 'page-size')
    if (to > from) {
      const maxShift = Math.min(shift, this.#maxShift)
      this.#mapper.map(from + this.#distance, to - from, target + (from - first), permission, maxShift)
    }
    if (end > to) this.#mapper.refuse(to + this.#distance, end - to, 'page-size')
  }

  /** An entry without permission counts as unmapped, whatever the event is called (VN-2). */
  #notify(event: IommuEvent): Refusal | undefined {
    this.#mapper.checkFree('a change of the guest')
    if (event.type === 'map' && event.permission !== Permission.none) {
      this.map(event.frame, event.frames, event.target, event.permission, event.shift)
    } else {
      this.#unmap(event.frame, event.frames)
    }
    return this.#mapper.inTransaction ? undefined : this.#mapper.takeRefused()
  }

  /** A range of 2^64 bytes is like any other (VN-5). */
  #unmap(frame: number, frames: number): void {
    const first = Math.max(frame, this.#firstWhole)
    const end = Math.min(frame + frames, this.#endWhole)
    if (first < end) this.#mapper.unmap(first + this.#distance, end - first)
  }
}

/** log2 of the largest power of two in bytes that a distance in page frames is a multiple of, up to 64. */
function alignmentOf(frames: number): number {
  let shift = PAGE_SHIFT
  for (let size = 2; shift < 64 && frames % size === 0; size *= 2) shift++
  return shift
}
