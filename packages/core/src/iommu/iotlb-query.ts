import type { MemTxAttrs } from '../memory/access.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import { Permission, type PermissionBits } from '../memory/translator.ts'
import { translatedPlace } from './translated-place.ts'

/** One translation as a device's IOTLB keeps it: `mask + 1` bytes from `iova` on lie at `translatedAddress` of `target`. */
export interface IotlbEntry {
  readonly target: AddressSpace | undefined
  /** First address of the entry in the space that was asked. */
  readonly iova: bigint
  /** What `iova` is in `target`. */
  readonly translatedAddress: bigint
  readonly mask: bigint
  readonly permission: PermissionBits
}

/** The answer where nothing can be reached: all zero. */
const NOTHING: IotlbEntry = {
  target: undefined,
  iova: 0n,
  translatedAddress: 0n,
  mask: 0n,
  permission: Permission.none,
}

const PAGE_MASK = 0xfffn

/**
 * Asks for the whole way of an address, through nested IOMMUs (TE-8).
 *
 * The mask is that of the smallest entry on the way, one page where there is no IOMMU. The permission is always `readWrite`
 * on success, whatever the entries permit: so QEMU answers, ask for the access that is meant.
 */
export function queryIotlb(
  space: AddressSpace,
  address: bigint,
  access: PermissionBits = Permission.read,
  attrs?: MemTxAttrs,
): IotlbEntry {
  const place = translatedPlace(space, address, 1n, access, attrs)
  if (place === undefined) return NOTHING
  const mask = place.shift === undefined ? PAGE_MASK : (1n << BigInt(place.shift)) - 1n
  return {
    target: place.space,
    iova: address & ~mask,
    translatedAddress: place.address & ~mask,
    mask,
    permission: Permission.readWrite,
  }
}
