import type { RecordedSizes } from './recorded-device.ts'
import type { RecordedEntry } from './recorded-iommu.ts'

interface Place {
  readonly id: number
  readonly size: bigint
}

interface Registers {
  readonly endianness: 'little' | 'big'
  readonly valid: RecordedSizes
  readonly impl: RecordedSizes
}

/** A region of a recorded scenario. */
export type RecordedRegion =
  | ({ readonly kind: 'container' | 'ram' | 'rom' } & Place)
  | ({ readonly kind: 'io' | 'romd' } & Place & Registers)
  | ({ readonly kind: 'alias'; readonly target: number; readonly offset: bigint } & Place)
  | ({ readonly kind: 'iommu'; readonly minPageSize: bigint; readonly targetSpace: number } & Place)

/** What an IOMMU event is called in recordings, and the flag of a notifier that hears of it. */
export type RecordedEventType = 'MAP' | 'UNMAP' | 'DEVIOTLB_UNMAP'

/** A step that changes the map. */
export type MapOperation =
  | {
      readonly op: 'add'
      readonly parent: number
      readonly child: number
      readonly offset: bigint
      readonly priority?: number
    }
  | { readonly op: 'del'; readonly parent: number; readonly child: number }
  | { readonly op: 'enable'; readonly region: number; readonly enabled: boolean }
  | { readonly op: 'readonly'; readonly region: number; readonly readonly: boolean }
  | { readonly op: 'romd'; readonly region: number; readonly romd: boolean }
  | { readonly op: 'size'; readonly region: number; readonly size: bigint }
  | { readonly op: 'address' | 'alias_offset'; readonly region: number; readonly offset: bigint }
  | { readonly op: 'begin' | 'commit' }

/** A step that has to do with an IOMMU. */
export type IommuOperation =
  | ({ readonly op: 'map'; readonly region: number } & RecordedEntry)
  | ({ readonly op: 'event'; readonly region: number; readonly type: RecordedEventType } & RecordedEntry)
  | RecordedNotifier
  | { readonly op: 'unnotifier' | 'replay'; readonly notifier: number }

/** The step that registers a notifier. */
export interface RecordedNotifier {
  readonly op: 'notifier'
  readonly notifier: number
  readonly region: number
  readonly flags: readonly RecordedEventType[]
  readonly start: bigint
  readonly end: bigint
}

/** The step that registers a listener. */
export interface RecordedListener {
  readonly op: 'listen'
  readonly listener: number
  readonly space: number
  readonly priority: number
}

/** The step that reads. */
export interface RecordedRead {
  readonly op: 'read'
  readonly space: number
  readonly addr: bigint
  readonly length: number
}

/** What a step does, without what was observed. */
export type RecordedOperation =
  | MapOperation
  | IommuOperation
  | RecordedListener
  | RecordedRead
  | { readonly op: 'flat'; readonly space: number }
  | { readonly op: 'write'; readonly space: number; readonly addr: bigint; readonly bytes: Uint8Array }
  | {
      readonly op: 'valid'
      readonly space: number
      readonly addr: bigint
      readonly length: number
      readonly write: boolean
    }

/** A recorded scenario of the memory core; its steps are as recorded. */
export interface RecordedScenario {
  readonly name: string
  readonly regions: readonly RecordedRegion[]
  readonly spaces: readonly { readonly id: number; readonly root: number }[]
  readonly steps: readonly { readonly op: string }[]
}
