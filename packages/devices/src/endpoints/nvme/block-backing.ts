/** What the host says to a request: whether it was done. `full` says that the host gives no room for more. */
export type BackingResult = 'done' | 'failed' | 'full'

/**
 * Where the bytes of a namespace are kept. Positions and lengths are bytes, whole blocks, and lie inside.
 *
 * Nothing is thrown for what the host cannot do: the guest's command fails.
 */
export interface BlockBacking {
  /** Bytes, at most 2^53 - 1. */
  readonly size: number
  read(position: number, into: Uint8Array): BackingResult
  write(position: number, from: Uint8Array): BackingResult
  /** Makes everything that was written last. */
  flush(): BackingResult
  /** Makes bytes 0, and gives back what they took; without it zeros are written. */
  zero?(position: number, length: number): BackingResult
  /**
   * Up to `length` bytes, 1 at least, in place, to be read before anything else is done: without it they are copied once more.
   */
  view?(position: number, length: number): Uint8Array
  /** The bytes, where they belong to the machine: they are saved and restored with it. */
  save?(): unknown
  restore?(state: unknown): void
}
