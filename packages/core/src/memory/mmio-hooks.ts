import type { MemTxAttrs } from './access.ts'

/**
 * What may happen around the callbacks of one region; `undefined` in a port that nobody watches, so that an access asks once.
 *
 * The order in one access: {@link flush}, the validity of the access, {@link take} for a write, the re-entrancy guard of
 * the port, the callbacks.
 */
export interface MmioHooks {
  /** Comes before everything else, of a refused access too (CM-3). */
  flush?(): void
  /**
   * Is offered a whole valid write before it is split, as two words in the order of the device; true ends the access, which has
   * succeeded (EF-4).
   */
  take?(offset: number, size: number, low: number, high: number, attrs: MemTxAttrs): boolean
}

/** Shared by all regions of one device: an access while it is engaged is denied with an access error (SP-7). */
export interface ReentrancyGuard {
  engaged: boolean
}

/** Is told of an access to registers, refused ones included. */
export type MmioWatch = (write: boolean, offset: number, size: number) => void
