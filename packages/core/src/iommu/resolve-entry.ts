import { formatRange, hex, LAST_ADDRESS } from '../address/index.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import type { MappableRegion } from '../memory/flat-range.ts'
import { RamRegion } from '../memory/ram-region.ts'
import { Permission, type PermissionBits } from '../memory/translator.ts'
import { translatedPlace } from './translated-place.ts'

/** What a mapping says of its target; an `IommuEvent` is one. */
export interface MappedTarget {
  readonly translatedAddress: bigint
  /** The size in bytes less one: of every form, 2^64 - 1 for the whole space. */
  readonly addressMask: bigint
  readonly permission: PermissionBits
}

/** The memory behind a mapping. */
export interface ResolvedMemory {
  readonly region: MappableRegion
  /** The byte of the region that the mapping begins at. */
  readonly offset: bigint
  /** The mapping permits no write, or the region itself takes none (VN-2). */
  readonly readonly: boolean
}

/** Why there is none, in the order in which it is looked at (MT-1). */
export interface UnresolvedMemory {
  readonly code: 'not-ram' | 'discarded' | 'granularity'
  /** A clause that continues "refused:". */
  readonly reason: string
}

/**
 * Finds the memory that a mapping leads to in `memory`, for somebody who maps it in a host (section 3.5).
 *
 * All of it must be one stretch of RAM or of a RAM device (MT-4), usable at present, and a power of two in size (MT-2).
 */
export function resolveEntry(memory: AddressSpace, entry: MappedTarget): ResolvedMemory | UnresolvedMemory {
  const { translatedAddress: address, addressMask: mask, permission } = entry
  // A size of 2^64 is a size like any other here: no length of 0 to guard against (MT-3).
  const size = mask + 1n
  const place = translatedPlace(memory, address, size, permission & Permission.write)
  const region = place?.section.mappable
  if (place === undefined || region === undefined) {
    const what = place === undefined ? 'nothing' : `'${place.section.region.name}', which is no RAM,`
    return { code: 'not-ram', reason: `${what} is at ${hex(address)} of '${memory.name}'` }
  }
  const { section, length } = place
  const offset = place.address - section.start + section.offset
  const manager = region instanceof RamRegion ? region.discardManager : undefined
  const part = { region, start: place.address, last: place.address + length - 1n, offset, readonly: section.readonly }
  if (manager !== undefined && !manager.isPopulated(part)) {
    return { code: 'discarded', reason: `${rangeText(address, size)} is memory of '${region.name}' that is discarded` }
  }
  // A size that is no power of two could reach over the section's end and still have no bit in common with what is left.
  if (length < size || (length & mask) !== 0n) {
    const fits = length < size ? `of which ${hex(length)} bytes lie in '${region.name}'` : 'no power of two'
    return { code: 'granularity', reason: `${rangeText(address, size)} has ${hex(size)} bytes, ${fits}` }
  }
  return { region, offset, readonly: (permission & Permission.write) === 0 || region.readonly }
}

function rangeText(address: bigint, size: bigint): string {
  const last = address + size - 1n
  return formatRange({ start: address, last: last < LAST_ADDRESS ? last : LAST_ADDRESS })
}
