import type { MemTxAttrs } from './access.ts'
import type { AddressSpace } from './address-space.ts'
import type { EntryWords } from './entry-words.ts'

/** What an access wants, and what a mapping permits; the bits are those of every IOMMU in the field. */
export const Permission = { none: 0, read: 1, write: 2, readWrite: 3 } as const

/** A union of {@link Permission} bits, 0 to 3. */
export type PermissionBits = number

/**
 * The answer to one translation. The caller owns the object and lends it to {@link Translator.translate}, so that an
 * access allocates nothing.
 */
export interface Translation {
  /** What the entry permits; `none` where nothing is mapped. */
  permission: PermissionBits
  /** The page frame (of 4 KiB) in `target` that the asked page frame maps to. */
  frame: number
  /** log2 of the size in bytes of the naturally aligned entry around the asked page, 12 to 64. */
  shift: number
  /** The address space that `frame` lies in. */
  target: AddressSpace | undefined
}

/**
 * What an IOMMU region asks of its IOMMU. Declared here because the memory core calls it; implemented in `iommu/`.
 *
 * Page frames are of 4 KiB, relative to the region's first byte, 0 to 2^52 - 1.
 */
export interface Translator {
  /**
   * Fills `out` for the page `frame`. `access` is a hint (`none` asks for the full permission): an answer may carry more
   * than was asked, never less than it would for `none`, except that a forbidden access may be answered with `none`.
   * `index` says which of its {@link indexes} translations is meant; the answer depends on frame and index alone (TE-2).
   */
  translate(frame: number, access: PermissionBits, out: Translation, index: number): void

  /** Which translation an access with these attributes goes through (TE-9); the first where it is absent. */
  attrsToIndex?(attrs: MemTxAttrs): number

  /** How many translations of the same addresses there are; 1 where it is absent (TE-9). */
  readonly indexes?: number

  /**
   * Its entries as words, where accesses to memory may look there themselves: with every answer of {@link translate}, for all
   * attributes, and without anybody noticing. Whoever has got them keeps them while the map stays as it is.
   */
  readonly entryWords?: EntryWords | undefined

  /** log2 of the size in bytes of the smallest page; 12 where it is absent (TE-9). */
  readonly pageShift?: number

  /** What the IOMMU says about itself under a name; nothing where it is absent or does not know (TE-9). */
  attribute?(name: string): unknown

  /** A device has what is mapped here in its own state, so that a snapshot need not ask. */
  readonly savedByDevice?: boolean

  /**
   * What {@link restore} needs to translate as it does now, as data that `structuredClone` takes. Without both, and where no
   * device has it, a machine with this in one of its address spaces cannot be saved.
   */
  save?(): unknown

  /** Takes up a saved state, when memory has its contents again and before devices take up theirs; notifiers are not told. */
  restore?(state: unknown): void
}
