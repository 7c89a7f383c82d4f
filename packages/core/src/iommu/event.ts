import { addressOf, hex, LAST_FRAME, PAGE_SHIFT, PAGE_SIZE, type Range, splitAddress } from '../address/index.ts'
import { HostbridgeError } from '../errors.ts'
import { Permission, type PermissionBits } from '../memory/translator.ts'

/** What a change is: a mapping made, a mapping gone, or a cached translation of a device gone. */
export type IommuEventType = 'map' | 'unmap' | 'dev-iotlb-unmap'

/**
 * One change, or one mapping of a replay, as a notifier sees it.
 *
 * The plain fields are numbers that loops can use; the getters make the `bigint`s of the border on demand. The object is
 * lent: it is valid only during the callback, is reused for the next event, and is not to be changed (ND-9).
 */
export class IommuEvent {
  type: IommuEventType = 'unmap'
  /** First page frame (of 4 KiB), relative to the IOMMU region's first byte. */
  frame = 0
  /** Page frames that are at least partly inside, 1 to 2^52. */
  frames = 0
  /** Page frame in the target address space that `frame` maps to; 0 for unmaps. */
  target = 0
  /** {@link Permission} bits of the mapping; `none` for unmaps. */
  permission: PermissionBits = Permission.none
  /** log2 of the size in bytes of the table's entries, 12 to 64, also where a range has cut them; 12 for unmaps. */
  shift: number = PAGE_SHIFT
  /** Bytes of the first page that are not part of the event: a notifier's range may begin anywhere. */
  head = 0
  /** Bytes of the last page that are not part of the event. */
  tail = 0
  /** Which of the IOMMU's translations the event is about (ND-2); most IOMMUs have number 0 only. */
  index = 0

  /** The first address, relative to the IOMMU region's first byte. */
  get iova(): bigint {
    return addressOf(this.frame) + BigInt(this.head)
  }

  /** Bytes, 1 to 2^64. */
  get size(): bigint {
    return addressOf(this.frames) - BigInt(this.head + this.tail)
  }

  /** `size - 1`: not of the form 2^n - 1 where a range has cut the entry. */
  get addressMask(): bigint {
    return this.size - 1n
  }

  /** What `iova` maps to: advanced by what a range has cut off the front (ND-5); 0 for unmaps. */
  get translatedAddress(): bigint {
    return this.type === 'map' ? addressOf(this.target) + BigInt(this.head) : 0n
  }
}

/** Makes the event of `frames` pages in entries of `2^shift` bytes that map to `target` and what follows it. */
export function mapEvent(
  frame: number,
  frames: number,
  target: number,
  permission: PermissionBits,
  shift: number,
): IommuEvent {
  const event = new IommuEvent()
  event.type = 'map'
  event.frame = frame
  event.frames = frames
  event.target = target
  event.permission = permission
  event.shift = shift
  return event
}

/** Makes the event of `frames` pages that are mapped no more. */
export function unmapEvent(frame: number, frames: number, type: IommuEventType = 'unmap'): IommuEvent {
  const event = new IommuEvent()
  event.type = type
  event.frame = frame
  event.frames = frames
  return event
}

/** The target of a `map` event made of addresses. */
export interface EventTarget {
  readonly translatedAddress: bigint
  readonly permission: PermissionBits
}

/**
 * Makes an event of addresses. A `map` over a natural power of two is one entry; over anything else it consists of the
 * largest entries of one size that tile it.
 *
 * @throws HostbridgeError `iommu.event` when `to` differs from the range in its byte within the page.
 */
export function eventOver(type: IommuEventType, range: Range, to?: EventTarget): IommuEvent {
  const first = splitAddress(range.start)
  const last = splitAddress(range.last)
  const event = unmapEvent(first.frame, last.frame - first.frame + 1, type)
  event.head = first.offset
  event.tail = PAGE_SIZE - 1 - last.offset
  if (to === undefined) return event
  const target = splitAddress(to.translatedAddress)
  if (type === 'map' && target.offset !== first.offset) {
    throw new HostbridgeError(
      'iommu.event',
      `no page maps ${hex(range.start)} to ${hex(to.translatedAddress)}: both must be the same byte of their pages`,
      { iova: range.start, translatedAddress: to.translatedAddress },
    )
  }
  event.target = type === 'map' ? target.frame : 0
  event.permission = to.permission
  event.shift = type === 'map' ? tilingShift(event.frame, event.frames) : PAGE_SHIFT
  return event
}

function tilingShift(frame: number, frames: number): number {
  let shift = PAGE_SHIFT
  for (let size = 2; frames % size === 0 && frame % size === 0; size *= 2) shift++
  return shift
}

/**
 * Refuses what no IOMMU can announce.
 *
 * @throws HostbridgeError `iommu.event` for an unmap that grants a permission (ND-1) and for pages outside the space (ND-6).
 */
export function checkEvent(event: IommuEvent): void {
  const last = event.frame + event.frames - 1
  if (event.frame >= 0 && event.frames >= 1 && last <= LAST_FRAME) {
    if (event.type === 'map' || event.permission === Permission.none) return
    throw new HostbridgeError(
      'iommu.event',
      `an ${event.type} event of ${hex(event.iova)} grants permission ${event.permission}: announce a map, or grant none`,
      { event: event.type, iova: event.iova, permission: event.permission },
    )
  }
  throw new HostbridgeError(
    'iommu.event',
    `an event of ${event.frames} pages from page frame ${hex(event.frame)} does not lie in 2^64 bytes: cut it at the end`,
    { event: event.type, frame: event.frame, frames: event.frames },
  )
}
