import { frameOf } from '@hostbridge/core/address'
import type { FlatRange } from '@hostbridge/core/memory'

const BIT_63 = 1n << 63n

/** Why a section is not mapped, though nothing is wrong: `kind` it is neither RAM nor an IOMMU; the others are its place. */
export type SkipReason = 'kind' | 'bit-63' | 'misaligned' | 'sub-page'

/** The whole host pages of a section that a container maps, in frames of 4 KiB. */
export interface MappableSection {
  readonly first: number
  readonly frames: number
}

/**
 * Says which part of a section a container maps, `hostPage` being the host's smallest page in bytes (rules VS-1 to VS-3).
 *
 * A RAM device is mapped as a whole or not at all (VB-4). The same answer serves adding and removing (VS-4). ROM devices are left out, in ROM mode too (MR-3).
 */
export function filterSection(section: FlatRange, hostPage: bigint): MappableSection | SkipReason {
  const { start, last, offset } = section
  if (section.mappable === undefined && section.translator === undefined) return 'kind'
  if ((start & BIT_63) !== 0n) return 'bit-63'
  if (start % hostPage !== offset % hostPage) return 'misaligned'
  if (isDevice(section) && (start % hostPage !== 0n || (last + 1n) % hostPage !== 0n)) return 'misaligned'
  const first = ((start + hostPage - 1n) / hostPage) * hostPage
  const end = ((last + 1n) / hostPage) * hostPage
  if (first >= end) return 'sub-page'
  const firstFrame = frameOf(first)
  return { first: firstFrame, frames: frameOf(end - 1n) + 1 - firstFrame }
}

/** Whether a section is a device's memory: mapping it is a service to other devices, which may fail (VF-1). */
export function isDevice(section: FlatRange): boolean {
  return section.mappable !== undefined && section.ram === undefined
}
