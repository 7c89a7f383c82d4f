interface Timed {
  /** Virtual time in ns. */
  readonly time: number
  /** Line in the file, from 1. */
  readonly line: number
  readonly liobn: number
}

/** A window came into being: `entries` pages of `1 << pageShift` bytes from `busOffset`. */
export interface EnableEvent extends Timed {
  readonly kind: 'enable'
  readonly pageShift: number
  readonly busOffset: bigint
  readonly entries: number
}

/** A window went away. */
export interface DisableEvent extends Timed {
  readonly kind: 'disable'
}

/** H_PUT_TCE. */
export interface PutEvent extends Timed {
  readonly kind: 'put'
  readonly ioba: bigint
  readonly tce: bigint
}

/** H_PUT_TCE_INDIRECT, with the list that lay in guest memory. */
export interface IndirectEvent extends Timed {
  readonly kind: 'indirect'
  readonly ioba: bigint
  readonly tces: readonly bigint[]
}

/** H_STUFF_TCE. */
export interface StuffEvent extends Timed {
  readonly kind: 'stuff'
  readonly ioba: bigint
  readonly tce: bigint
  readonly count: number
}

/** A device's DMA was translated. */
export interface TranslateEvent extends Timed {
  readonly kind: 'xlate'
  readonly ioba: bigint
  /** 1 read, 2 write. */
  readonly access: number
}

/** What a replay of a window delivered at that moment. */
export interface CheckpointEvent extends Timed {
  readonly kind: 'checkpoint'
  readonly count: number
  /** FNV-1a 64 over the entries, 16 hexadecimal digits. */
  readonly hash: string
}

/** One line of a recorded trace of a guest's IOMMU traffic (reference/README.md, "traces"). */
export type TraceEvent =
  | EnableEvent
  | DisableEvent
  | PutEvent
  | IndirectEvent
  | StuffEvent
  | TranslateEvent
  | CheckpointEvent
