/** Who asks which pages have been written; bits of a mask. The values are QEMU's. */
export const DirtyClient = {
  none: 0,
  /** Displays, which draw again what has changed. */
  vga: 1,
  /** Translators of code, which drop what they made of a page that is written. */
  code: 2,
  migration: 4,
  all: 7,
} as const

/** A union of {@link DirtyClient} bits, 0 to 7. */
export type DirtyClients = number

/** One {@link DirtyClient} bit. */
export type OneDirtyClient = 1 | 2 | 4

/** Why all of a system's memory is logged; bits of a mask. The values are QEMU's. */
export const TrackingReason = { migration: 1, dirtyRate: 2, dirtyLimit: 4 } as const

/** A union of {@link TrackingReason} bits, 1 to 7. */
export type TrackingReasons = number
