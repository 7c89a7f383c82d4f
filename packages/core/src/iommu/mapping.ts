import { alignedFrameStretches, formatRange, frameOf, hex, PAGE_SHIFT, rangeOf } from '../address/index.ts'
import { HostbridgeError } from '../errors.ts'
import { Permission, type PermissionBits } from '../memory/translator.ts'
import { type IommuEvent, mapEvent } from './event.ts'
import { RUN_LANES, type RunCursor, runPermission, runShift } from './run.ts'

/** What devices may do with a mapping, in letters. */
export type AccessLetters = 'r' | 'w' | 'rw'

/** Bytes that an IOMMU's owner maps. */
export interface Mapping {
  /** First address, relative to the IOMMU region. */
  readonly iova: bigint
  /** Bytes, up to 2^64. */
  readonly size: bigint
  /** First address in the target address space. */
  readonly to: bigint
  readonly access: AccessLetters
  /** The size of the entries; the largest that fit unless told. */
  readonly pageSize?: bigint
}

/** The {@link Permission} bits of access letters. */
export function permissionOf(access: AccessLetters): PermissionBits {
  if (access === 'r') return Permission.read
  return access === 'w' ? Permission.write : Permission.readWrite
}

/**
 * The entries that a mapping consists of, as events of one entry size each, ascending.
 *
 * @throws HostbridgeError `iommu.mapping` where entries of sizes `2^shifts[i]` cannot make it up; `address.range`.
 */
export function entriesOf(mapping: Mapping, shifts: readonly number[]): IommuEvent[] {
  const asked = mapping.pageSize
  const range = rangeOf(mapping.iova, mapping.size)
  const image = rangeOf(mapping.to, mapping.size)
  const first = frameOf(range.start)
  const target = frameOf(image.start)
  const most = alignmentOf(first - target)
  const allowed = shifts.filter((shift) => shift <= most && (asked === undefined || asked === 1n << BigInt(shift)))
  const smallest = 1n << BigInt(allowed[0] ?? PAGE_SHIFT)
  if (allowed.length === 0 || (mapping.iova | mapping.to | mapping.size) % smallest !== 0n) {
    const sizes = asked === undefined ? `of at least ${hex(1n << BigInt(shifts[0] ?? PAGE_SHIFT))}` : `of ${hex(asked)}`
    throw new HostbridgeError(
      'iommu.mapping',
      `${formatRange(range)} cannot be mapped to ${formatRange(image)} in pages ${sizes} bytes: ` +
        'begin, size and target must be multiples of a size that the IOMMU has',
      { ...mapping },
    )
  }
  const permission = permissionOf(mapping.access)
  const entries: IommuEvent[] = []
  alignedFrameStretches(first, frameOf(range.last), allowed, (frame, frames, shift) => {
    entries.push(mapEvent(frame, frames, target + (frame - first), permission, shift))
  })
  return entries
}

/** log2 of the largest power of two in bytes, up to 2^64, that a distance in page frames is a multiple of. */
function alignmentOf(frames: number): number {
  let shift = PAGE_SHIFT
  for (let size = 2; shift < 64 && frames % size === 0; size *= 2) shift++
  return shift
}

/** Everything that a cursor walks, as one event a run. */
export function eventsOf(cursor: RunCursor): IommuEvent[] {
  const events: IommuEvent[] = []
  for (let count = cursor.next(); count > 0; count = cursor.next()) {
    for (let at = 0; at < count * RUN_LANES; at += RUN_LANES) {
      const [frame = 0, frames = 0, target = 0, meta = 0] = cursor.runs.subarray(at, at + RUN_LANES)
      events.push(mapEvent(frame, frames, target, runPermission(meta), runShift(meta)))
    }
  }
  return events
}
