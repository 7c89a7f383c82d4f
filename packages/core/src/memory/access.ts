/** Results of a memory transaction; the results of its parts are OR-ed (QEMU `MemTxResult`). */
export const MemTx = {
  /** Every part succeeded. */
  ok: 0,
  /** A device answered with an error, or the host ran out of memory for a guest's RAM. */
  error: 1,
  /** Nothing is there, or what is there refuses such an access. */
  decodeError: 2,
  /** The access is denied by policy. */
  accessError: 4,
} as const

/** A union of {@link MemTx} bits. */
export type MemTxResult = number

/** What travels with an access besides its address and data. */
export interface MemTxAttrs {
  /** The PCI requester id, 16 bits. */
  readonly requester?: number
}

/** The attributes of an access that says nothing about itself. */
export const NO_ATTRS: MemTxAttrs = Object.freeze({})
