import type { AddressSpace, PermissionBits } from '@hostbridge/core/memory'
import type { RequesterPlace } from './requester.ts'

/** A request to translate addresses ahead of their use (Address Translation Services; PCI Express Base 5.0, section 10.2.2). */
export interface AtsRequest {
  readonly address: bigint
  /** Bytes. */
  readonly length: bigint
  /** The process address space; none unless told. */
  readonly pasid?: number
  readonly privileged?: boolean
  readonly execute?: boolean
  /** Whether the function does not want to write there. */
  readonly noWrite?: boolean
  /** The most translations that the answer may hold. */
  readonly most: number
}

/** One translation that a function may keep until it is told otherwise. */
export interface AtsTranslation {
  readonly address: bigint
  readonly translated: bigint
  /** The low bits that the translation leaves as they are: 0xfff for a page of 4 KiB. */
  readonly mask: bigint
  readonly permission: PermissionBits
}

/** A request for a page that is not there yet (Page Request Interface; PCI Express Base 5.0, section 10.4.1). */
export interface PageRequest {
  readonly address: bigint
  readonly pasid?: number
  readonly privileged?: boolean
  readonly execute?: boolean
  readonly read: boolean
  readonly write: boolean
  /** The number that the response carries. */
  readonly group: number
  readonly lastInGroup: boolean
}

/** What an IOMMU answers when it has dealt with the pages of a group. */
export interface PageResponse {
  readonly group: number
  readonly code: 'success' | 'invalid' | 'failure'
}

/** An address range whose translations a function must forget. */
export interface AtsInvalidation {
  readonly address: bigint
  readonly mask: bigint
  readonly pasid?: number
}

/** What a host offers behind a function that is passed through, as an IOMMU is told of it. */
export interface HostDevice {
  readonly name: string
}

/** A function that is backed by a host's device: where it really is, and where its requests seem to come from (PC-5). */
export interface HostBinding {
  readonly host: HostDevice
  readonly place: RequesterPlace
  readonly alias: RequesterPlace
}

/** What an IOMMU offers to the bus that it stands behind (PC-5). Places are those that requests seem to come from. */
export interface BusIommu {
  /** The address space that the requests of a place go to. */
  addressSpaceOf(place: RequesterPlace): AddressSpace
  /** Is told of a host's device before anything goes through it; what it throws refuses the device. */
  setHostDevice?(binding: HostBinding): void
  unsetHostDevice?(binding: HostBinding): void
  /** Translates for a function's own cache. An entry without permission says that there is nothing. */
  translate?(place: RequesterPlace, request: AtsRequest): readonly AtsTranslation[]
  /** Tells of translations that must be forgotten, until the returned function is called. */
  onInvalidate?(place: RequesterPlace, pasid: number | undefined, told: (event: AtsInvalidation) => void): () => void
  /** Asks for a page. */
  requestPage?(place: RequesterPlace, request: PageRequest): void
  /** Tells of responses to page requests, until the returned function is called. */
  onPageResponse?(place: RequesterPlace, pasid: number | undefined, told: (event: PageResponse) => void): () => void
}
