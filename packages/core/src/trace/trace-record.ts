/** What a record is about; a filter picks by these. */
export const TRACE_CATEGORIES = ['event', 'access', 'dma', 'interrupt', 'iommu', 'fault', 'life'] as const

export type TraceCategory = (typeof TRACE_CATEGORIES)[number]

/** Something that happened in a machine; plain data. */
export interface TraceRecord {
  /** Virtual time in ticks: when it happened, or when it began. */
  readonly time: number
  readonly category: TraceCategory
  /** The path of the device that it happened to; '' for the machine itself. */
  readonly device: string
  readonly name: string
  /** Ticks that it took; without it, it is an instant. */
  readonly duration?: number
  /** The level of a counter of this name from now on. */
  readonly value?: number
  /** One end of an arrow between two records of the same id; one that starts again is another arrow. */
  readonly flow?: { readonly id: string; readonly end: 'start' | 'finish' }
  readonly facts?: Readonly<Record<string, string | number | boolean>>
}
