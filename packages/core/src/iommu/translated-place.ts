import { addressOf, PAGE_SHIFT, splitAddress } from '../address/index.ts'
import type { MemTxAttrs } from '../memory/access.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import type { FlatRange } from '../memory/flat-range.ts'
import type { PermissionBits, Translation } from '../memory/translator.ts'

/** IOMMUs behind each other after which an access has run in a circle, and meets nothing. */
const MOST_IOMMUS = 32

/** What answers an address behind all IOMMUs on its way. */
export interface TranslatedPlace {
  /** The space that the last translation leads to; the one that was asked where there was none. */
  readonly space: AddressSpace
  /** The section of it that answers. */
  readonly section: FlatRange
  /** Where in `space`. */
  readonly address: bigint
  /** How many bytes are reached in the same way: to the end of the smallest entry crossed, and of a section of RAM (TE-6). */
  readonly length: bigint
  /** log2 of the size in bytes of the smallest entry crossed (TE-6); `undefined` without any IOMMU. */
  readonly shift: number | undefined
}

/**
 * Follows `length` bytes from `address` on through nested IOMMUs, for somebody who wants the place and not the bytes.
 * `undefined` where nothing answers, or a translation does not permit `access`.
 */
export function translatedPlace(
  space: AddressSpace,
  address: bigint,
  length: bigint,
  access: PermissionBits,
  attrs?: MemTxAttrs,
): TranslatedPlace | undefined {
  const out: Translation = { permission: 0, frame: 0, shift: PAGE_SHIFT, target: undefined }
  let shift: number | undefined
  let left = length
  let here = space
  let at = address
  for (let crossed = 0; crossed < MOST_IOMMUS; crossed++) {
    const section = here.find(at)
    if (section === undefined) return undefined
    const toEnd = section.last - at + 1n
    if (section.translator === undefined) {
      const clipped = section.mappable !== undefined && toEnd < left ? toEnd : left
      return { space: here, section, address: at, length: clipped, shift }
    }
    if (toEnd < left) left = toEnd
    const { frame, offset } = splitAddress(at - section.start + section.offset)
    out.permission = 0
    out.shift = PAGE_SHIFT
    out.target = undefined
    section.translator.translate(frame, access, out, attrs === undefined ? 0 : indexOf(section, attrs))
    if (out.permission === 0 || (out.permission & access) !== access || out.target === undefined) return undefined
    const entry = 1n << BigInt(out.shift)
    const toEntryEnd = entry - ((addressOf(frame) + BigInt(offset)) & (entry - 1n))
    if (toEntryEnd < left) left = toEntryEnd
    shift = shift === undefined ? out.shift : Math.min(shift, out.shift)
    at = addressOf(out.frame) + BigInt(offset)
    here = out.target
  }
  return undefined
}

function indexOf(section: FlatRange, attrs: MemTxAttrs): number {
  return section.translator?.attrsToIndex?.(attrs) ?? 0
}
