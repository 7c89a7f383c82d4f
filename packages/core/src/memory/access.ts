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
  /** The access says nothing about itself: everything else is as if it were absent. */
  readonly unspecified?: boolean
  /** The PCI requester id, 16 bits. */
  readonly requester?: number
  /** The process address space id, 8 bits. */
  readonly pid?: number
  /** The bus has translated the address already. */
  readonly translated?: boolean
  readonly secure?: boolean
  /** Which of the CPU's security spaces it comes from, 2 bits. */
  readonly space?: number
  /** It comes from unprivileged code. */
  readonly user?: boolean
  /** Whoever makes a transfer wants memory: everything that is not RAM is denied with `accessError` (RW-5). */
  readonly memory?: boolean
  /** A debugger or loader makes it: it changes ROM, and a ROM device in ROM mode (MR-4). */
  readonly debug?: boolean
}

/** The attributes of an access that says nothing about itself. */
export const NO_ATTRS: MemTxAttrs = Object.freeze({ unspecified: true })
